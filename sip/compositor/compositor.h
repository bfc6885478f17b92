#ifndef SIP_COMPOSITOR_COMPOSITOR_H_
#define SIP_COMPOSITOR_COMPOSITOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/compose/shown_ids.h"
#include "sip/compositor/publication_table.h"
#include "sip/compositor/publish_checks.h"
#include "sip/compositor/recent_reports.h"
#include "sip/compositor/state_composer.h"
#include "sip/compositor/state_source.h"
#include "sip/compositor/tags.h"
#include "sip/dialog/incoming_request.h"
#include "sip/event_server.h"

namespace sipevents::sip {

// What a compositor works with. Everything referred to outlives it.
struct CompositorParts {
  const Clock& clock;
  TimerQueue& timers;
  RandomSource& random;
  SipMetrics* metrics = nullptr;  // may be null
};

// Takes what phones (PUBLISH, RFC 3903 section 6) and callers of ours publish for the domains that
// are served here, keeps it as long as it lasts, and tells what it adds up to.
//
// What reaches a bound of PublicationLimits is refused (503; RESOURCE_EXHAUSTED) and counted, but
// where a publisher has made room for itself: see PublicationTable::FindRoom().
//
// Threads: the SIP thread that serves.
class Compositor : public StateSource {
 public:
  Compositor(CompositorParts parts, PublishRules rules, PublicationLimits limits = {});
  ~Compositor() override;
  Compositor(const Compositor&) = delete;
  Compositor& operator=(const Compositor&) = delete;

  // Who hears of changes from now on; null: nobody. It must not call back into the compositor but
  // for StateSource, and must outlive it or be replaced.
  void SetListener(StateListener* listener) { listener_ = listener; }

  // Answers a PUBLISH of who may send it. `identity`: who that is, authenticated; empty: whoever
  // From says. A 2xx says how long (Expires) and has a new tag (SIP-ETag); any other answer:
  // nothing has changed.
  RequestAnswer OnPublish(const IncomingRequest& request, std::string_view identity);

  // See EventServer::SetState(). The state was checked by CheckPublished(). One that has expired
  // already withdraws what was there under its id. INVALID_ARGUMENT: a resource or package that is
  // not served. RESOURCE_EXHAUSTED: there is no room. Either way nothing has changed.
  absl::Status SetState(const LocalPublication& publication);
  // Withdraws; an unknown id is fine.
  void RemoveState(uint64_t id);

  // StateSource:
  ComposedStatePtr Current(std::string_view resource, std::string_view event_package) override;
  ComposedStatePtr Neutral(std::string_view resource, std::string_view event_package) override;
  bool KeepsState(std::string_view event_package) const override;
  uint64_t LastReport() const override { return reports_.last(); }
  NumberedReport NextReport(std::string_view resource, std::string_view event_package,
                            uint64_t after) const override;

  const PublicationTable& publications() const { return table_; }

  // What 503 says.
  static constexpr int kRetryAfterSeconds = 60;

 private:
  // What is to become of a publication.
  struct NewState {
    std::string_view content_type;
    std::string_view body;
    absl::Time now;
    absl::Time expire_time;
  };

  RequestAnswer Create(const IncomingRequest& request, const PublishOrder& order,
                       std::string_view identity);
  RequestAnswer Modify(const IncomingRequest& request, const PublishOrder& order,
                       Publication& publication);
  RequestAnswer Refuse(std::string_view bound) const;
  RequestAnswer Success(absl::Duration expires, PublicationTags::Tag tag) const;
  Publication* FindTagged(const PublishOrder& order, absl::Time now);
  uint64_t HashOfPublisher(const IncomingRequest& request, std::string_view identity) const;

  absl::Status SetLocal(const LocalPublication& local, const std::string& resource, size_t package);
  Publication& Add(std::string_view resource, size_t package, Publication publication,
                   const NewState& state);
  void Replace(Publication& publication, const NewState& state);
  void Remove(Publication& publication);
  void Report(std::string_view resource, size_t package, const NewState& state);
  // What its publications add up to, or that there are none.
  ComposedStatePtr ComposedOf(const PublishedResource& resource,
                              absl::Span<const PublishedState> states,
                              const ComposedStatePtr& before);
  // Composes again, and tells who listens.
  void Recompose(PublishedResource& resource);
  void Tell(const PublishedResource& resource);
  void CountBound(std::string_view bound) const;

  // Has the timer run when the next publication expires, or before.
  void ArmTimer();
  void Expire();

  const std::string& PackageName(size_t package) const { return rules_.packages[package].name; }

  const CompositorParts parts_;
  const PublishRules rules_;
  const PublicationTags tags_;
  StateComposer composer_;
  PublicationTable table_;
  // Of resources that have, or had, several publications.
  absl::flat_hash_map<const PublishedResource*, ShownIds> shown_ids_;
  RecentReports reports_;
  StateListener* listener_ = nullptr;
  TimerQueue::TimerId timer_ = 0;
  absl::Time timer_due_ = absl::InfiniteFuture();
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_COMPOSITOR_H_
