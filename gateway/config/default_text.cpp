#include "gateway/config/config.h"

namespace chuanyu::config {

std::string_view default_text() {
  static constexpr std::string_view kText =
      R"json(// chuanyu-gateway 的配置。相对路径以本文件所在目录为起点；写出的值即缺省值（身份、路径与对端除外）。
// 检查：chuanyu-gateway --config 本文件 --check-config
{
  "gateway": {
    "id": "sc",                         // 网关标识：小写字母、数字、连字符
    "uscc": "11510000MBDEM0015E",       // 运行单位的统一社会信用代码
    "name": "四川省共享网关",
    "region": "510000",                 // 行政区划，6 位
    "origin": "chuanyu.sc/2026q4"       // 日志检查点的来源名；启用后不可更改
  },
  "data": "var/sc",                     // 日志、状态与密钥所在目录；只能由一个进程使用
  "listen": {
    "address": "127.0.0.1", "port": 8443,              // 双向 TLS；端口 0 表示任选
    "admin_address": "127.0.0.1", "admin_port": 9443   // 明文 HTTP：/healthz /readyz /metrics，勿对外开放
  },
  "tls": {
    "certificate": "pki/gateway.chain.crt",   // PEM，叶证书在前
    "key": "pki/gateway.key",                 // PEM，权限 0600
    "trust": "pki/trust.pem",                 // 两省根 CA
    "crl": "pki/crl.pem",                     // 链上每个 CA 的吊销列表
    "allow_tls12": false,
    "ciphersuites": "",                       // 空：OpenSSL 缺省
    "groups": "",
    "signature_algorithms": ""
  },
  "keys": {
    "log_key": "pki/log.key",           // 日志签名私钥（Ed25519），权限 0600
    "old_log_key": "",                  // 更换日志私钥期间：旧的私钥，与新的一同签名；空：不在更换
    "sm2_log_key": "",                  // 日志的第二签名私钥（SM2），权限 0600；空：只用 Ed25519 签名
    "kek": "pki/kek",                   // 32 字节密钥加密密钥，权限 0600
    "kek_epoch": 1                      // 每次更换加 1
  },
  "crypto": {"profile": "international"},   // international | sm（国密：SM4、SM3 与 SM2，见运维手册；须有 sm2_log_key）
  "directory": "directory.json",        // 名录：机构与证书
  "policy": "policy.json",              // 共享策略
  "adapters": "adapters",               // 映射与适配插件所在目录
  "plugins_in_process": "",             // 可在网关进程内运行的插件名单（文件）；空：插件都在隔离的工作进程中运行
  "accepted_mappings": "",              // 允许与旧版不相容的新版映射（文件）：{"accepted": ["sc.case.v1@2.0.0"]}
  "peers": [
    {"id": "cq", "url": "https://127.0.0.1:8444", "log_key": "pki/cq-log.pub", "log_origin": "",
     "retry_min_ms": 200, "retry_max_ms": 30000}   // log_origin：为对端日志见证时填其名称（也指其各分卷），或其开头（以 / 结尾）
  ],
  "witness": {                          // 见证，见运维手册
    "policy": "",                       // 见证策略文件（C2SP tlog-policy）；空：不请人见证
    "name": "sc.witness", "key": "",    // 本网关作为见证方的名称与私钥（Ed25519，权限 0600）；空：不为他人见证
    "every_ms": 1000,                   // 两次请求见证的最短间隔
    "grace_seconds": 14400,             // 没有足够见证超过此时限后，不再接收新的交换
    "entangle_seconds": 60              // 把为对端所见证的写入本日志的间隔
  },
  "checks": {                           // 校验不通过时：reject 拒收 | quarantine 隔离 | warn 只提示；未写的按映射
    "*": {}                             // 例：{"id_number": "warn"}；键为机构代码或 *
  },
  "limits": {
    "connections": 10000, "connections_per_address": 10000,
    "header_count": 100, "header_bytes": 16384, "target_bytes": 4096,
    "body_bytes": 1048576, "stream_bytes": 4294967296,
    "handshake_ms": 10000, "request_ms": 30000, "idle_ms": 75000, "write_ms": 30000, "stream_stall_ms": 30000,
    "requests_per_second": 0,           // 每个身份；0 表示不限
    "query_wait_ms_max": 30000, "query_records": 100
  },
  "threads": {"loops": 0, "workers": 0, "stream_workers": 2},   // 0：按核数
  "exchange": {"default_expiry_hours": 168, "query_wait_ms": 5000},
  "log": {"shard": "quarterly"},        // 日志分卷：quarterly（每季度封存，另起一卷）| never；见运维手册
  "disk": {
    "refuse_percent": 90,               // 磁盘占用超过此百分比时拒收
    "ballast_mb": 1024,                 // 预留空间（MiB）：磁盘将满时放弃，供收尾与处置使用；0 表示不留
    "scrub_entries_per_second": 500     // 巡检：每秒重读多少条日志与哈希树核对；0 表示不巡检
  },
  "retention": {                        // 保存期限（月）：chuanyu-gateway --retention 删除更早的内容；0 表示永久，否则至少 42
    "keep_months": 0,
    "kinds": {}                         // 个别种类另定，例：{"case": 120, "clue-transfer": 60}
  },
  "log_level": "info"                   // debug | info | warn | error
}
)json";
  return kText;
}

}  // namespace chuanyu::config
