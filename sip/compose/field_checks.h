#ifndef SIP_COMPOSE_FIELD_CHECKS_H_
#define SIP_COMPOSE_FIELD_CHECKS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

// Whether the values of a typed state can be written. Errors are INVALID_ARGUMENT: the field as the
// API calls it, a colon, the value, what was expected. Threads: any, for everything here.

namespace sipevents::sip {

// Where a value is in a message of the API. Refers to the path around it, which must outlive it.
class FieldPath {
 public:
  explicit FieldPath(std::string_view name) : name_(name) {}
  FieldPath(const FieldPath& around, std::string_view name) : around_(&around), name_(name) {}
  FieldPath(const FieldPath& around, std::string_view name, size_t index)
      : around_(&around), name_(name), index_(index) {}

  // E.g. `presence.tuples[0].id`.
  std::string ToString() const;

 private:
  const FieldPath* around_ = nullptr;
  std::string_view name_;
  std::optional<size_t> index_;
};

// `value` as it shall be shown.
absl::Status FieldError(const FieldPath& path, std::string_view value, std::string_view expected);

// A text that XML can carry.
absl::Status CheckText(const FieldPath& path, std::string_view text);
// The same, and not blank.
absl::Status CheckGivenText(const FieldPath& path, std::string_view text);
// A URI, absolute and in ASCII (RFC 3986).
absl::Status CheckUri(const FieldPath& path, std::string_view text);
// The same, or nothing.
absl::Status CheckUriIfAny(const FieldPath& path, std::string_view text);
// A language tag (RFC 5646), or nothing.
absl::Status CheckLanguage(const FieldPath& path, std::string_view text);
// A time of the years 1 to 9999.
absl::Status CheckTime(const FieldPath& path, absl::Time time);
// A duration of 0 to 2^32-1 seconds.
absl::Status CheckSeconds(const FieldPath& path, absl::Duration duration);

// The ids of one document: XML names, each of them once.
class IdChecks {
 public:
  absl::Status Take(const FieldPath& path, std::string_view id);

 private:
  absl::flat_hash_set<std::string> ids_;
};

// A checked time as xs:dateTime.
std::string FormatDateTime(absl::Time time);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_FIELD_CHECKS_H_
