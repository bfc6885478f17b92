#include "clients/cli/kept_publication.h"

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/outage_text.h"
#include "clients/cli/remark.h"
#include "clients/cli/times.h"
#include "clients/cpp/retry_policy.h"

namespace sipevents::client {

KeptPublication::KeptPublication(const CommandContext& context, const Channel& channel, Stub& stub,
                                 const StopSignal& stop, v1::CreatePublicationRequest request,
                                 std::string name, absl::Duration ttl)
    : context_(context),
      channel_(channel),
      stub_(stub),
      stop_(stop),
      request_(std::move(request)),
      name_(std::move(name)),
      ttl_(ttl),
      backoff_(BackoffOptions()) {}

ExitStatus KeptPublication::Run() {
  absl::Duration wait = std::max(ttl_ / 2, absl::Milliseconds(100));
  while (!AwaitSignal(wait)) {
    if (noted_outage_) {
      channel_.AwaitConnection(kConnectPatience, [this] { return AwaitSignal({}); });
    }
    const absl::Status renewed = Renew();
    if (renewed.ok()) {
      if (noted_outage_) Remark(ConnectedText(channel_.options().gateway));
      noted_outage_ = false;
      backoff_.Reset();
      wait = std::max(ttl_ / 2, absl::Milliseconds(100));
    } else if (Judge(renewed, /*was_connected=*/true) == Verdict::kRetry) {
      NoteOutage(renewed);
      wait = RetryWait(renewed, backoff_.Next(random_), BackoffOptions().jitter, random_);
    } else {
      return Report(context_, renewed);
    }
  }
  return Withdraw();
}

absl::Status KeptPublication::Renew() {
  if (is_forgotten_) return PublishAnew();
  v1::UpdatePublicationRequest renewal;
  renewal.mutable_publication()->set_name(name_);
  SetDuration(ttl_, *renewal.mutable_publication()->mutable_ttl());
  v1::Publication renewed;
  absl::Status called =
      Call(context_, channel_, kCallTimeout, stub_, &Stub::UpdatePublication, renewal, renewed);
  if (!absl::IsNotFound(called)) return called;
  is_forgotten_ = true;
  // One of its own, so that no try makes a second one; the first one's is used up.
  request_.set_request_id(
      absl::StrCat("keep-", absl::Hex(absl::Uniform<uint64_t>(random_), absl::kZeroPad16)));
  return PublishAnew();
}

absl::Status KeptPublication::PublishAnew() {
  v1::Publication made;
  absl::Status called =
      Call(context_, channel_, kCallTimeout, stub_, &Stub::CreatePublication, request_, made);
  if (!called.ok()) return called;
  Remark(absl::StrCat(channel_.options().gateway, " does not know ", name_,
                      " any more; published anew as ", made.name()));
  name_ = made.name();
  is_forgotten_ = false;
  return called;
}

ExitStatus KeptPublication::Withdraw() {
  if (is_forgotten_) return kDone;
  v1::DeletePublicationRequest request;
  request.set_name(name_);
  google::protobuf::Empty response;
  const absl::Status called =
      Call(context_, channel_, kCallTimeout, stub_, &Stub::DeletePublication, request, response);
  return called.ok() || absl::IsNotFound(called) ? kDone : Report(context_, called);
}

// One remark for an outage, however often it is tried meanwhile.
void KeptPublication::NoteOutage(const absl::Status& why) {
  if (!noted_outage_) {
    Remark(OutageText(channel_.options().gateway, why, /*was_connected=*/true));
  }
  noted_outage_ = true;
}

bool KeptPublication::AwaitSignal(absl::Duration limit) const {
  pollfd polled = {stop_.fd(), POLLIN, 0};
  const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(limit, absl::Milliseconds(1)));
  return poll(&polled, 1,
              static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max()))) > 0;
}

}  // namespace sipevents::client
