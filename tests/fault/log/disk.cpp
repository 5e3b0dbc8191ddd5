#include "tests/fault/log/disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace chuanyu::fault {
namespace {

using Kind = FileCall::Kind;

constexpr std::size_t kSector = 512;
constexpr std::size_t kPage = 4096;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void put(Bytes& file, std::uint64_t offset, BytesView bytes) {
  if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size(), '\0');
  file.replace(offset, bytes.size(), bytes);
}

// How a disk chooses among what it had not to keep. One way for a whole power cut, since the ways find different
// faults.
class Chance {
 public:
  explicit Chance(Random& random) : random_(random) {
    constexpr double kKept[] = {0, 0.1, 0.5, 0.9, 0.99};
    kept_ = kKept[random_() % std::size(kKept)];
    unit_ = random_() % 3 == 0 ? kPage : kSector;
    in_order_ = random_() % 4 == 0;
  }
  std::size_t unit() const { return unit_; }
  bool keeps() {
    if (in_order_) return !stopped_ && !(stopped_ = random_() % 16 == 0);
    return std::bernoulli_distribution(kept_)(random_);
  }

 private:
  Random& random_;
  double kept_ = 0;
  std::size_t unit_ = kSector;
  bool in_order_ = false;  // everything up to some point, nothing after it
  bool stopped_ = false;
};

// The parts of the write that lie in one sector (page) each, kept or not.
void put_some(Bytes& file, std::uint64_t offset, BytesView bytes, Chance& chance) {
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), chance.unit() - offset % chance.unit());
    if (chance.keeps()) put(file, offset, bytes.substr(0, part));
    offset += part;
    bytes.remove_prefix(part);
  }
}

Bytes boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void Disk::name(const std::string& path, std::size_t file) {
  live_[path] = file;
  pending_.push_back({{path, file, false}});
}

void Disk::flush(const std::string& path) {
  if (const auto found = live_.find(path); found != live_.end() && !files_[found->second].is_folder) {
    File& file = files_[found->second];
    for (const Pending& write : file.pending) {
      if (write.truncates) file.durable.resize(write.offset, '\0');
      if (!write.truncates) put(file.durable, write.offset, write.bytes);
    }
    file.pending.clear();
    return;
  }
  std::erase_if(pending_, [&](const std::vector<Naming>& call) {
    if (folder_of(call.front().path) != path) return false;
    for (const Naming& naming : call) {
      if (naming.removes) durable_.erase(naming.path);
      if (!naming.removes) durable_[naming.path] = naming.file;
    }
    return true;
  });
}

void Disk::apply(const Recorded& call) {
  switch (call.kind) {
    case Kind::create:
    case Kind::make_folder:
      files_.emplace_back().is_folder = call.kind == Kind::make_folder;
      return name(call.path, files_.size() - 1);
    case Kind::write:
      files_[live_.at(call.path)].pending.push_back({call.offset, call.bytes, false, call.synchronous});
      return;
    case Kind::truncate: files_[live_.at(call.path)].pending.push_back({call.offset, {}, true, false}); return;
    case Kind::flush: return flush(call.path);
    case Kind::rename: {
      const std::size_t file = live_.at(call.path);
      live_.erase(call.path);
      live_[call.to] = file;
      pending_.push_back({{call.path, file, true}, {call.to, file, false}});
      return;
    }
    case Kind::remove:
      if (live_.erase(call.path) > 0) pending_.push_back({{call.path, 0, true}});
      return;
  }
}

void Disk::apply_unfinished(const Recorded& call) {
  if (call.kind == Kind::flush) return;
  Recorded unsure = call;
  unsure.synchronous = false;
  apply(unsure);
}

void Disk::write_out(const std::string& folder, Random& random) const {
  Chance chance(random);
  Names names = durable_;
  for (const auto& call : pending_) {
    if (!chance.keeps()) continue;
    for (const Naming& naming : call) {
      if (naming.removes) names.erase(naming.path);
      if (!naming.removes) names[naming.path] = naming.file;
    }
  }
  for (const auto& [path, number] : names) {  // a folder stands before what is in it
    const std::string place = folder + "/" + path;
    if (!std::filesystem::is_directory(folder + "/" + folder_of(path))) continue;
    const File& file = files_[number];
    if (file.is_folder) {
      std::filesystem::create_directory(place);
      continue;
    }
    Bytes bytes = file.durable;
    for (const Pending& write : file.pending) {
      if (write.truncates) {
        if (chance.keeps()) bytes.resize(write.offset, '\0');
      } else if (write.sure) {
        put(bytes, write.offset, write.bytes);
      } else {
        put_some(bytes, write.offset, write.bytes, chance);
      }
    }
    // The machine was started again since: this boot is another one.
    if (static const Bytes kThisBoot = boot_id(); path.ends_with("/boot") && bytes == kThisBoot) bytes = "another boot";
    std::ofstream(place, std::ios::binary) << bytes;
  }
}

}  // namespace chuanyu::fault
