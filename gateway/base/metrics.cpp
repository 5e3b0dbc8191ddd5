#include "gateway/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace chuanyu::metrics {
namespace {

// Never destroyed: metrics are written until the last thread ends.
prometheus::Registry& registry() {
  static auto* const kMade = new prometheus::Registry(prometheus::Registry::InsertBehavior::Merge);
  return *kMade;
}

}  // namespace

void Counter::add(double by) { static_cast<prometheus::Counter*>(impl)->Increment(by); }
void Gauge::set(double value) { static_cast<prometheus::Gauge*>(impl)->Set(value); }
void Gauge::add(double by) { static_cast<prometheus::Gauge*>(impl)->Increment(by); }
void Histogram::observe(double value) { static_cast<prometheus::Histogram*>(impl)->Observe(value); }

Counter counter(const std::string& name, const std::string& help, const Labels& labels) {
  return {&prometheus::BuildCounter().Name(name).Help(help).Register(registry()).Add(labels)};
}

Gauge gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return {&prometheus::BuildGauge().Name(name).Help(help).Register(registry()).Add(labels)};
}

Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                    const Labels& labels) {
  return {&prometheus::BuildHistogram().Name(name).Help(help).Register(registry()).Add(labels, bounds)};
}

std::string to_text() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace chuanyu::metrics
