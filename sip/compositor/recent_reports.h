#ifndef SIP_COMPOSITOR_RECENT_REPORTS_H_
#define SIP_COMPOSITOR_RECENT_REPORTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/compositor/state_source.h"

namespace sipevents::sip {

// Reports, which are no state: each is told once to everybody who watches when it comes. They wait
// here for as long as it may take until all these watchers have had their turn.
//
// Threads: one; its owner's.
class RecentReports {
 public:
  static constexpr absl::Duration kKeptFor = absl::Seconds(32);  // 64*T1: one NOTIFY unanswered
  // Past these the oldest are forgotten before their time, whoever has not been told.
  static constexpr size_t kMost = 10'000;
  static constexpr size_t kMostOctets = 32 << 20;  // of bodies

  // Keeps a report until kKeptFor after `now`. False: to make room, others were forgotten.
  bool Put(std::string_view resource, std::string_view event_package, ComposedStatePtr report,
           absl::Time now);

  // The first one of a resource after the one with the number `after`; see StateSource.
  NumberedReport Next(std::string_view resource, std::string_view event_package, uint64_t after,
                      absl::Time now) const;
  // The newest one; null: there was none of late.
  ComposedStatePtr Newest(std::string_view resource, std::string_view event_package,
                          absl::Time now) const;

  // The number of the last report of all; 0: there was none.
  uint64_t last() const { return last_; }

 private:
  struct Report {
    uint64_t number;
    absl::Time until;
    ComposedStatePtr state;
  };
  using Reports = std::deque<Report>;  // of one resource, the oldest first

  const Reports* Find(std::string_view resource, std::string_view event_package) const;
  void DropOldest();

  absl::flat_hash_map<std::string, Reports> reports_;  // by package and resource
  std::deque<std::string> in_order_;                   // the keys of all reports, the oldest first
  size_t octets_ = 0;
  uint64_t last_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_RECENT_REPORTS_H_
