#include "clients/cli/json_lines.h"

#include <map>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"

namespace sipevents::client {
namespace {

// A JSON object, or empty if the message has none: a time beyond the year 9999, a detail of a
// type that is not known here.
std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "";
  return json;
}

std::string ToJsonOrError(const google::protobuf::Message& message) {
  std::string json = ToJson(message);
  if (!json.empty()) return json;
  return R"({"error":{"code":"DATA_LOSS","message":"the gateway sent what has no JSON form"}})";
}

std::string Quoted(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  const std::string json = ToJson(value);
  return json.empty() ? "\"\"" : json;
}

// The details, comma separated. A status gives them in no particular order; the ErrorInfo, which
// is always there, goes first.
std::string DetailsJson(const absl::Status& error) {
  std::map<std::pair<bool, std::string>, std::string> in_order;
  error.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    google::protobuf::Any any;
    any.set_type_url(std::string(type_url));
    any.set_value(std::string(payload));
    std::string json = ToJson(any);
    if (json.empty()) json = absl::StrCat(R"({"@type":)", Quoted(any.type_url()), "}");
    // Naming the type also links the details in, so that their JSON form is known.
    in_order[{!any.Is<google::rpc::ErrorInfo>(), any.type_url()}] = std::move(json);
  });
  std::string joined;
  for (const auto& [place, json] : in_order) {
    absl::StrAppend(&joined, joined.empty() ? "" : ",", json);
  }
  return joined;
}

}  // namespace

std::string JsonLines::Item(const std::string& target, const v1::WatchItem& item,
                            absl::Time /*now*/) const {
  return Named(ToJsonOrError(item), target);
}

std::string JsonLines::Event(const v1::Event& event) const {
  v1::WatchItem item;
  *item.mutable_event() = event;
  return ToJsonOrError(item);
}

std::string JsonLines::Subscription(const v1::Subscription& subscription) const {
  return ToJsonOrError(subscription);
}

std::string JsonLines::Explanation(const v1::Explanation& explanation) const {
  return ToJsonOrError(explanation);
}

std::string JsonLines::Resource(const google::protobuf::Message& resource) const {
  return ToJsonOrError(resource);
}

std::string JsonLines::Error(const std::string& target, const absl::Status& error) const {
  const std::string object = absl::StrCat(
      R"({"error":{"code":")", absl::StatusCodeToString(error.code()), R"(","message":)",
      Quoted(std::string(error.message())), R"(,"details":[)", DetailsJson(error), "]}}");
  return Named(object, target);
}

std::string JsonLines::Named(std::string object, const std::string& target) const {
  if (!names_target_ || target.empty()) return object;
  const absl::string_view comma = object == "{}" ? "" : ",";
  object.insert(1, absl::StrCat("\"target\":", Quoted(target), comma));
  return object;
}

}  // namespace sipevents::client
