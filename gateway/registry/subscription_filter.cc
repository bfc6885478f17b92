#include "gateway/registry/subscription_filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {

// Reads a filter from left to right.
class SubscriptionFilter::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  absl::StatusOr<std::vector<Term>> Terms() {
    std::vector<Term> terms;
    SkipBlanks();
    while (!rest_.empty()) {
      if (!terms.empty() && Word() != "AND") {
        return absl::InvalidArgumentError("terms joined by AND");
      }
      if (terms.size() == kMaxTerms) return absl::InvalidArgumentError("at most 16 terms");
      Term term;
      SIPEVENTS_RETURN_IF_ERROR(ReadTerm(term));
      terms.push_back(std::move(term));
      SkipBlanks();
    }
    return terms;
  }

 private:
  void SkipBlanks() {
    while (!rest_.empty() && absl::ascii_isspace(static_cast<unsigned char>(rest_.front()))) {
      rest_.remove_prefix(1);
    }
  }

  template <typename Belongs>
  std::string_view Run(const Belongs& belongs) {
    SkipBlanks();
    size_t length = 0;
    while (length < rest_.size() && belongs(rest_[length])) ++length;
    const std::string_view run = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return run;
  }

  std::string_view Word() {
    return Run(
        [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; });
  }

  bool Take(std::string_view literal) {
    SkipBlanks();
    if (rest_.substr(0, literal.size()) != literal) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  absl::Status ReadTerm(Term& term) {
    const std::optional<Field> field = FieldOf(Word());
    if (!field.has_value()) {
      return absl::InvalidArgumentError(
          "a term that begins with one of name, target_uri, event_package, identity, state, "
          "reason, sip_status, waiting");
    }
    term.field = *field;
    if (Take("!=")) {
      term.operation = Operation::kDiffers;
    } else if (Take("=")) {
      term.operation = Operation::kEquals;
    } else if (Take(":")) {
      term.operation = Operation::kContains;
    } else {
      return absl::InvalidArgumentError("=, != or : after the field");
    }
    SIPEVENTS_RETURN_IF_ERROR(ReadValue(term.value));
    return CheckValue(term);
  }

  absl::Status ReadValue(std::string& value) {
    if (!Take("\"")) {
      value = std::string(Run(
          [](char c) { return c != '"' && absl::ascii_isgraph(static_cast<unsigned char>(c)); }));
      if (value.empty()) {
        return absl::InvalidArgumentError("a word or a text in double quotes after the operator");
      }
      return absl::OkStatus();
    }
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) break;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!Take("\"")) return absl::InvalidArgumentError("a closing double quote");
    return absl::OkStatus();
  }

  static absl::Status CheckValue(const Term& term) {
    if (term.field == Field::kSipStatus) {
      int status = 0;
      if (term.operation == Operation::kContains || !absl::SimpleAtoi(term.value, &status)) {
        return absl::InvalidArgumentError("= or != and a number for sip_status");
      }
    }
    if (term.field == Field::kWaiting && (term.operation == Operation::kContains ||
                                          (term.value != "true" && term.value != "false"))) {
      return absl::InvalidArgumentError("= or != and true or false for waiting");
    }
    v1::Subscription::State state = v1::Subscription::STATE_UNSPECIFIED;
    if (term.field == Field::kState && term.operation != Operation::kContains &&
        !v1::Subscription::State_Parse(term.value, &state)) {
      return absl::InvalidArgumentError(
          "SUBSCRIBING, PENDING, ACTIVE, RETRYING or TERMINATED for state");
    }
    return absl::OkStatus();
  }

  static std::optional<Field> FieldOf(std::string_view name) {
    constexpr std::pair<std::string_view, Field> kFields[] = {
        {"name", Field::kName},
        {"target_uri", Field::kTargetUri},
        {"event_package", Field::kEventPackage},
        {"identity", Field::kIdentity},
        {"state", Field::kState},
        {"reason", Field::kReason},
        {"sip_status", Field::kSipStatus},
        {"waiting", Field::kWaiting},
    };
    for (const auto& [known, field] : kFields) {
      if (known == name) return field;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

absl::StatusOr<SubscriptionFilter> SubscriptionFilter::Parse(std::string_view text) {
  if (text.size() > kMaxOctets) return absl::InvalidArgumentError("at most 4096 octets");
  SubscriptionFilter filter;
  SIPEVENTS_ASSIGN_OR_RETURN(filter.terms_, Parser(text).Terms());
  return filter;
}

std::string SubscriptionFilter::ValueOf(Field field, const v1::Subscription& subscription) {
  switch (field) {
    case Field::kName:
      return subscription.name();
    case Field::kTargetUri:
      return subscription.spec().target_uri();
    case Field::kEventPackage:
      return subscription.spec().event_package();
    case Field::kIdentity:
      return subscription.spec().identity();
    case Field::kState:
      return v1::Subscription::State_Name(subscription.state());
    case Field::kReason:
      return subscription.reason();
    case Field::kSipStatus:
      return std::to_string(subscription.sip_status());
    case Field::kWaiting:
      return subscription.has_waiting_since() ? "true" : "false";
  }
  return "";
}

bool SubscriptionFilter::Matches(const v1::Subscription& subscription) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const std::string value = ValueOf(term.field, subscription);
    switch (term.operation) {
      case Operation::kEquals:
        return value == term.value;
      case Operation::kDiffers:
        return value != term.value;
      case Operation::kContains:
        return value.find(term.value) != std::string::npos;
    }
    return false;
  });
}

}  // namespace sipevents::gateway
