// The grammar of RFC 5261 section 4.1 (its schema has it as a pattern).

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/values.h"
#include "sip/body/xml_selector.h"

namespace sipevents::sip {
namespace {

constexpr uint64_t kMaxPosition = 1'000'000;

// Characters that end a name.
constexpr std::string_view kDelimiters = "/[]()@='\"*.,<>!|+$& \t\r\n";

class SelectorParser {
 public:
  SelectorParser(std::string_view text, pugi::xml_node holder, XmlScope& scope)
      : text_(text), rest_(text), holder_(holder), scope_(scope) {}

  absl::StatusOr<XmlSelector> Parse();

 private:
  absl::Status Refuse(std::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat("selector ", QuoteForMessage(text_), ": ", AbslView(why)));
  }

  bool Take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void SkipBlanks() {
    const size_t end = rest_.find_first_not_of(kSipBlanks);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  // Everything up to what cannot be in a name; a dot may, but not at its beginning.
  std::string_view TakeName();
  absl::StatusOr<std::string> TakeLiteral();
  absl::StatusOr<size_t> TakePosition();
  absl::Status ParseId(XmlSelector& selector);
  absl::Status ParseAttribute(XmlSelector& selector);
  // `text()`, `comment()`, `processing-instruction()`; false: it is none of them.
  absl::StatusOr<bool> ParseNodeTest(XmlSelector& selector);
  absl::Status ParseStep(XmlSelector& selector);
  absl::Status ParseCondition(XmlStep& step);

  const std::string_view text_;
  std::string_view rest_;
  const pugi::xml_node holder_;
  XmlScope& scope_;
};

std::string_view SelectorParser::TakeName() {
  size_t end = 0;
  while (end < rest_.size() && (kDelimiters.find(rest_[end]) == std::string_view::npos ||
                                (end > 0 && rest_[end] == '.'))) {
    ++end;
  }
  const std::string_view name = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return name;
}

absl::StatusOr<std::string> SelectorParser::TakeLiteral() {
  SkipBlanks();
  const char quote = rest_.empty() ? '\0' : rest_.front();
  if (quote != '\'' && quote != '"') return Refuse("a text in quotes is missing");
  const size_t end = rest_.find(quote, 1);
  if (end == std::string_view::npos) return Refuse("a text in quotes does not end");
  std::string literal(rest_.substr(1, end - 1));
  rest_.remove_prefix(end + 1);
  return literal;
}

absl::StatusOr<size_t> SelectorParser::TakePosition() {
  size_t end = 0;
  while (end < rest_.size() && absl::ascii_isdigit(static_cast<unsigned char>(rest_[end]))) ++end;
  const std::optional<uint64_t> position = ParseClamped(rest_.substr(0, end), kMaxPosition);
  if (!position || *position == 0) return Refuse("positions are counted from 1");
  rest_.remove_prefix(end);
  SkipBlanks();
  if (!Take("]")) return Refuse("a bracket does not close");
  return static_cast<size_t>(*position);
}

absl::Status SelectorParser::ParseId(XmlSelector& selector) {
  SIPEVENTS_ASSIGN_OR_RETURN(selector.id, TakeLiteral());
  if (selector.id.empty()) return Refuse("an empty id");
  if (!Take(")")) return Refuse("a parenthesis does not close");
  return absl::OkStatus();
}

absl::Status SelectorParser::ParseAttribute(XmlSelector& selector) {
  selector.target = XmlTarget::kAttribute;
  SIPEVENTS_ASSIGN_OR_RETURN(selector.attribute,
                             ResolveXmlName(TakeName(), /*is_attribute=*/true, holder_, scope_));
  return absl::OkStatus();
}

absl::StatusOr<bool> SelectorParser::ParseNodeTest(XmlSelector& selector) {
  if (Take("text()")) {
    selector.target = XmlTarget::kText;
  } else if (Take("comment()")) {
    selector.target = XmlTarget::kComment;
  } else if (Take("processing-instruction(")) {
    selector.target = XmlTarget::kInstruction;
    if (!rest_.starts_with(')')) {
      SIPEVENTS_ASSIGN_OR_RETURN(selector.name, TakeLiteral());
    }
    if (!Take(")")) return Refuse("a parenthesis does not close");
  } else {
    return false;
  }
  if (Take("[")) {
    SIPEVENTS_ASSIGN_OR_RETURN(selector.position, TakePosition());
  }
  return true;
}

absl::Status SelectorParser::ParseStep(XmlSelector& selector) {
  if (selector.steps.size() == kMaxSelectorSteps) {
    return Refuse(absl::StrCat("more than ", kMaxSelectorSteps, " steps"));
  }
  XmlStep& step = selector.steps.emplace_back();
  if (Take("*")) {
    step.name.local.push_back('*');
  } else {
    const std::string_view name = TakeName();
    if (name.empty()) return Refuse("the name of an element is missing");
    SIPEVENTS_ASSIGN_OR_RETURN(step.name,
                               ResolveXmlName(name, /*is_attribute=*/false, holder_, scope_));
  }
  while (Take("[")) {
    if (step.conditions.size() == kMaxStepConditions) {
      return Refuse(absl::StrCat("more than ", kMaxStepConditions, " conditions on one step"));
    }
    SIPEVENTS_RETURN_IF_ERROR(ParseCondition(step));
  }
  return absl::OkStatus();
}

absl::Status SelectorParser::ParseCondition(XmlStep& step) {
  XmlCondition& condition = step.conditions.emplace_back();
  SkipBlanks();
  if (!rest_.empty() && absl::ascii_isdigit(static_cast<unsigned char>(rest_.front()))) {
    SIPEVENTS_ASSIGN_OR_RETURN(condition.position, TakePosition());
    return absl::OkStatus();
  }
  if (Take("@")) {
    condition.kind = XmlCondition::Kind::kAttribute;
  } else if (Take(".")) {
    condition.kind = XmlCondition::Kind::kText;
  } else {
    condition.kind = XmlCondition::Kind::kChild;
  }
  if (condition.kind != XmlCondition::Kind::kText) {
    const bool is_attribute = condition.kind == XmlCondition::Kind::kAttribute;
    SIPEVENTS_ASSIGN_OR_RETURN(condition.name,
                               ResolveXmlName(TakeName(), is_attribute, holder_, scope_));
  }
  SkipBlanks();
  if (!Take("=")) return Refuse("a condition that is neither a position nor a comparison");
  SIPEVENTS_ASSIGN_OR_RETURN(condition.value, TakeLiteral());
  SkipBlanks();
  return Take("]") ? absl::OkStatus() : Refuse("a bracket does not close");
}

absl::StatusOr<XmlSelector> SelectorParser::Parse() {
  if (text_.empty()) return Refuse("it is empty");
  if (text_.size() > kMaxSelectorOctets) {
    return Refuse(absl::StrCat("longer than ", kMaxSelectorOctets, " octets"));
  }
  XmlSelector selector;
  Take("/");
  if (Take("id(")) {
    SIPEVENTS_RETURN_IF_ERROR(ParseId(selector));
    if (rest_.empty()) return selector;
    if (!Take("/")) return Refuse("nothing but a slash may follow an id");
  }
  while (true) {
    bool is_last = true;
    if (Take("@")) {
      SIPEVENTS_RETURN_IF_ERROR(ParseAttribute(selector));
    } else if (Take("namespace::")) {
      selector.target = XmlTarget::kNamespace;
      selector.name = std::string(TakeName());
      if (selector.name.empty()) return Refuse("the prefix of the namespace is missing");
    } else {
      SIPEVENTS_ASSIGN_OR_RETURN(is_last, ParseNodeTest(selector));
      if (!is_last) SIPEVENTS_RETURN_IF_ERROR(ParseStep(selector));
    }
    if (rest_.empty()) return selector;
    if (is_last || !Take("/")) return Refuse("more follows than can be understood");
  }
}

}  // namespace

absl::StatusOr<XmlStepName> ResolveXmlName(std::string_view name, bool is_attribute,
                                           pugi::xml_node holder, XmlScope& scope) {
  const XmlQName split = SplitXmlName(name);
  const bool has_prefix = !split.prefix.empty();
  if (split.local.empty() || split.local.find(':') != std::string_view::npos ||
      (!has_prefix && name.size() != split.local.size()) || !IsXmlName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(QuoteForMessage(name), " is no name"));
  }
  XmlStepName resolved{.uri = {}, .local = std::string(split.local)};
  if (is_attribute && !has_prefix) return resolved;
  const std::optional<std::string_view> uri = scope.UriOf(holder, split.prefix);
  if (!uri) {
    return absl::InvalidArgumentError(
        absl::StrCat("the prefix of ", QuoteForMessage(name), " is not declared"));
  }
  resolved.uri = std::string(*uri);
  return resolved;
}

absl::StatusOr<XmlSelector> ParseXmlSelector(std::string_view text, pugi::xml_node holder,
                                             XmlScope& scope) {
  return SelectorParser(TrimBlanks(text), holder, scope).Parse();
}

}  // namespace sipevents::sip
