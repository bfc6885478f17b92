#include <algorithm>
#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

using Endpoint = v1::ConferenceEndpoint;

enum class Place { kIn, kComing, kLeft };

struct StatusRow {
  Endpoint::Status status;
  Place place;
  absl::string_view remark;
};

constexpr StatusRow kStatuses[] = {
    {Endpoint::STATUS_UNSPECIFIED, Place::kIn, ""},
    {Endpoint::CONNECTED, Place::kIn, ""},
    {Endpoint::MUTED_VIA_FOCUS, Place::kIn, "muted"},
    {Endpoint::ON_HOLD, Place::kIn, "on hold"},
    {Endpoint::PENDING, Place::kComing, ""},
    {Endpoint::DIALING_OUT, Place::kComing, "is called"},
    {Endpoint::DIALING_IN, Place::kComing, "calls"},
    {Endpoint::ALERTING, Place::kComing, "rings"},
    {Endpoint::DISCONNECTING, Place::kLeft, ""},
    {Endpoint::DISCONNECTED, Place::kLeft, ""},
};

const StatusRow& RowOf(Endpoint::Status status) {
  const auto* row =
      absl::c_find_if(kStatuses, [&](const StatusRow& known) { return known.status == status; });
  return row == std::end(kStatuses) ? kStatuses[0] : *row;
}

// By the device that is furthest in.
const StatusRow& RowOf(const v1::ConferenceUser& user) {
  const StatusRow* best = nullptr;
  for (const Endpoint& endpoint : user.endpoints()) {
    const StatusRow& row = RowOf(endpoint.status());
    if (best == nullptr || row.place < best->place) best = &row;
  }
  return best == nullptr ? kStatuses[0] : *best;
}

std::string NameOf(const v1::ConferenceUser& user) {
  return Printable(user.display_text().empty() ? user.entity() : user.display_text());
}

// Only hears, by himself.
bool OnlyListens(const v1::ConferenceUser& user) {
  bool listens = false;
  for (const Endpoint& endpoint : user.endpoints()) {
    for (const v1::ConferenceMedia& media : endpoint.media()) {
      if (media.type() != "audio") continue;
      if (media.status() != v1::ConferenceMedia::RECVONLY) return false;
      listens = true;
    }
  }
  return listens;
}

std::string UserText(const v1::ConferenceUser& user, const StatusRow& row) {
  Parts remarks;
  for (const std::string& role : user.roles()) remarks.Add(Printable(role));
  remarks.Add(std::string(row.remark));
  if (row.place == Place::kIn && row.remark.empty() && OnlyListens(user)) {
    remarks.Add("only listens");
  }
  for (const Endpoint& endpoint : user.endpoints()) {
    if (row.place != Place::kLeft ||
        endpoint.disconnection_method() == Endpoint::DISCONNECTION_METHOD_UNSPECIFIED) {
      continue;
    }
    remarks.Add(Words(Endpoint::DisconnectionMethod_Name(endpoint.disconnection_method())));
  }
  const std::string name = NameOf(user);
  return remarks.empty() ? name : absl::StrCat(name, " (", remarks.Join(", "), ")");
}

}  // namespace

std::set<std::string> WhoIsIn(const v1::Conference& conference) {
  std::set<std::string> names;
  for (const v1::ConferenceUser& user : conference.users()) {
    if (RowOf(user).place == Place::kIn) names.insert(NameOf(user));
  }
  return names;
}

Summary Summarize(const v1::Conference& conference) {
  if (conference.ended()) return {"over", Tone::kMissing};
  Parts in;
  Parts coming;
  Parts left;
  for (const v1::ConferenceUser& user : conference.users()) {
    const StatusRow& row = RowOf(user);
    Parts& group = row.place == Place::kIn ? in : row.place == Place::kComing ? coming : left;
    group.Add(UserText(user, row));
  }
  // Some may not be shown.
  const uint64_t count = std::max<uint64_t>(in.added(), conference.state().user_count());
  Parts texts;
  if (count > 0)
    texts.Add(in.empty() ? absl::StrCat(count, " in") : in.Under(absl::StrCat(count, " in")));
  texts.Add(coming.Under("coming"));
  texts.Add(left.Under("left"));
  if (texts.empty()) texts.Add("nobody in");
  if (conference.state().locked()) texts.Add("locked");
  if (const std::string& subject = conference.description().subject(); !subject.empty()) {
    texts.Add(absl::StrCat("\"", Printable(subject), "\""));
  }
  return {texts.Join("; "), count > 0 ? Tone::kBusy : Tone::kGood};
}

}  // namespace sipevents::client
