#ifndef CLIENTS_CLI_PACKAGES_CONFERENCE_ROSTERS_H_
#define CLIENTS_CLI_PACKAGES_CONFERENCE_ROSTERS_H_

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "sipevents/v1/event.pb.h"

namespace sipevents::client {

// Remembers who was in which conference: an event tells who is in now, and people want to know who
// came and went.
//
// Threads: any.
// Holds the names of 256 conferences with 1000 in each at the most; beyond that, nobody is noticed.
class ConferenceRosters {
 public:
  // "Mira joined, Bob left", since the event before of the same conference and fork. Empty where
  // there was none, where nobody came or went, and for other packages.
  std::string TakeIn(const v1::Event& event);

 private:
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> rosters_;  // guarded by mutex_
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PACKAGES_CONFERENCE_ROSTERS_H_
