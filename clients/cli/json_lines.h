#ifndef CLIENTS_CLI_JSON_LINES_H_
#define CLIENTS_CLI_JSON_LINES_H_

#include <string>

#include "clients/cli/line_format.h"

namespace sipevents::client {

// One proto3-JSON object a line, in the canonical mapping: fields that have their default are
// left out, enum values are names, bytes are base64. Beside the fields of the messages there are
// only `target` (in items and errors, where several targets are watched) and the object `error`.
class JsonLines : public LineFormat {
 public:
  // `names_target`: whether items and errors say which target they belong to.
  explicit JsonLines(bool names_target) : names_target_(names_target) {}

  std::string Item(const std::string& target, const v1::WatchItem& item,
                   absl::Time now) const override;
  // As an item of a watch: {"event": {...}}.
  std::string Event(const v1::Event& event) const override;
  std::string Subscription(const v1::Subscription& subscription) const override;
  std::string Explanation(const v1::Explanation& explanation) const override;
  std::string Resource(const google::protobuf::Message& resource) const override;
  // {"error": {"code": "INVALID_ARGUMENT", "message": "...", "details": [{"@type": ...}]}}
  std::string Error(const std::string& target, const absl::Status& error) const override;
  bool PrintsErrors() const override { return true; }

 private:
  std::string Named(std::string object, const std::string& target) const;

  const bool names_target_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_JSON_LINES_H_
