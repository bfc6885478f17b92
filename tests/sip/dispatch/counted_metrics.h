#ifndef TESTS_SIP_DISPATCH_COUNTED_METRICS_H_
#define TESTS_SIP_DISPATCH_COUNTED_METRICS_H_

#include <map>
#include <string>
#include <string_view>

#include "sip/agent.h"

namespace sipevents::sip {

// Remembers what was counted. Threads: one.
class CountedMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnWaiting(int change) override { waiting += change; }
  void OnHeldBack(std::string_view reason) override { ++held_back[std::string(reason)]; }
  void OnBreakerTrip(std::string_view cause) override { ++trips[std::string(cause)]; }
  void OnServersDown(int change) override { down += change; }
  void OnBoundReached(std::string_view bound) override { ++bounds[std::string(bound)]; }

  int waiting = 0;
  int down = 0;
  std::map<std::string, int> held_back;
  std::map<std::string, int> trips;
  std::map<std::string, int> bounds;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_DISPATCH_COUNTED_METRICS_H_
