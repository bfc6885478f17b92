#ifndef SIP_NOTIFIER_WATCHER_INFO_SOURCE_H_
#define SIP_NOTIFIER_WATCHER_INFO_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/compose/composed_state.h"
#include "sip/event_server.h"

namespace sipevents::sip {

// The package whose watchers a template like `presence.winfo` tells of; empty: it is no template.
inline std::string_view BaseOfTemplate(std::string_view event_package) {
  constexpr std::string_view kTemplate = ".winfo";
  if (!event_package.ends_with(kTemplate)) return "";
  return event_package.substr(0, event_package.size() - kTemplate.size());
}

// Tells who watches a resource (the template `.winfo`, RFC 3857): all at first, some at a time, and
// then what changed.
//
// Threads: the SIP thread that serves.
class WatcherInfoSource {
 public:
  // Those of a resource and package whose ids come after `after`, in the order of ids.
  using List = std::function<std::vector<WatcherRecord>(const std::string& resource,
                                                        const std::string& event_package,
                                                        const std::string& after, size_t limit)>;

  // Stands for who watches a resource and package now, and how; 0: nobody (Audience::revision()).
  using Revision =
      std::function<uint64_t(const std::string& resource, std::string_view event_package)>;

  // Watchers told of in one document.
  static constexpr size_t kMaxRows = 150;
  // Changes of one resource that are remembered; who missed more is told all again.
  static constexpr size_t kMaxChanges = 256;

  WatcherInfoSource(List list, Revision revision)
      : list_(std::move(list)), revision_(std::move(revision)) {}

  // How far one subscription to watcher information has been told.
  struct Progress {
    std::string told;     // id of the last watcher that was told; with `listing`
    bool listing = true;  // not all have been told yet
    uint64_t seen = 0;    // changes that were told, or began before the listing
  };

  // A watcher came, changed or went. Only resources somebody is told of keep changes.
  void OnChange(const WatcherRecord& record);
  // Somebody is told of the watchers of a resource and package, or nobody any more.
  void Keep(const std::string& resource, const std::string& event_package, bool keep);

  struct Written {
    ComposedBody body;
    bool more = false;  // there is another document to be sent
  };
  // The next document. `anew`: from the beginning, as a full one.
  Written Write(const std::string& resource, const std::string& event_package, bool anew,
                Progress& progress, absl::Time now) const;
  // As if nobody watched.
  static ComposedBody Nobody(const std::string& resource, const std::string& event_package);

  // Stands for all who watch now, whatever was told in how many documents (CEN-01).
  std::string EntityTag(const std::string& resource, std::string_view event_package) const;
  // The one of nobody.
  static std::string NobodyTag();

 private:
  struct Changes {
    uint64_t first = 1;  // number of the first one in `records`
    std::deque<WatcherRecord> records;
    uint64_t next() const { return first + records.size(); }
  };
  using Key = std::pair<std::string, std::string>;

  const List list_;
  const Revision revision_;
  absl::flat_hash_map<Key, Changes> changes_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_INFO_SOURCE_H_
