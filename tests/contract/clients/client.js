// Publishes a case and asks for it again, over mutual TLS, with nothing but Node's own library.
// node client.js PORT CHAIN KEY TRUST RECORD_FILE ID CONTENT_TYPE
'use strict';
const fs = require('fs');
const https = require('https');
const { randomUUID } = require('crypto');
const [port, chain, key, trust, file, id, contentType] = process.argv.slice(2);

const agent = new https.Agent({
  cert: fs.readFileSync(chain), key: fs.readFileSync(key), ca: fs.readFileSync(trust), keepAlive: true, minVersion: 'TLSv1.3',
});

function call(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port, method, path, headers: { ...headers, 'Content-Length': body.length }, agent }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(pieces).toString('utf8') }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function main() {
  const q = encodeURIComponent;
  const put = await call('PUT', `/v1/records/case/${q(id)}`, {
    'Content-Type': contentType, 'Idempotency-Key': randomUUID(), 'Chuanyu-Matter': 'publish', 'Chuanyu-Basis': q('依据'),
    'Chuanyu-Grant': 'CY-1', 'Chuanyu-Operator': q('经办人'),
  }, fs.readFileSync(file));
  const ask = Buffer.from(JSON.stringify({
    kind: 'case', subject: { id }, purpose: { matter: 'case-assist', basis: '依据', grant: 'CY-1', operator: '经办人' },
  }));
  const query = await call('POST', '/v1/queries', { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() }, ask);
  console.log(put.status, query.status, JSON.parse(query.body).count);
  agent.destroy();
}

main().catch((fault) => { console.error(fault); process.exit(1); });
