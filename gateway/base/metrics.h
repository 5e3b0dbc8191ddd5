// gateway/base/metrics.h: counters, gauges and histograms for Prometheus.
//
// Look a metric up once and keep the reference (it lives as long as the process); adding to it is cheap and may be done
// on any thread. Names start with chuanyu_; label values come from small fixed sets (codes, verbs, kinds, peers), never
// from data, so that memory does not grow with traffic.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace chuanyu::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double by = 1);
  void* impl = nullptr;  // set by counter()
};

class Gauge {
 public:
  void set(double value);
  void add(double by);
  void* impl = nullptr;
};

class Histogram {
 public:
  void observe(double value);
  void* impl = nullptr;
};

// The same name and labels give the same metric. `help` is taken from the first call.
Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
// `bounds`: upper bounds of the buckets, ascending, in the metric's unit.
Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                    const Labels& labels = {});

// Prometheus text exposition format 0.0.4 of everything registered.
std::string to_text();

}  // namespace chuanyu::metrics
