#include "sip/compose/dialog_view.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "sip/base/header_grammar.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/xml_span.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kSession = "session-description";
constexpr size_t kNone = std::string_view::npos;

// Elements of a document, each behind the one before.
using Elements = std::vector<std::string_view>;

// Adds the session descriptions of a dialog: each of its two parties may have some.
void FindSessions(const XmlSpan& dialog, Elements& found) {
  XmlChildren parties(dialog.content);
  while (const std::optional<XmlSpan> party = parties.Next()) {
    if (party->content.find(kSession) == kNone) continue;
    XmlChildren parts(party->content);
    while (const std::optional<XmlSpan> part = parts.Next()) {
      if (XmlLocalName(part->tag.name) == kSession) found.push_back(part->text);
    }
  }
}

// Calls `visit` with each dialog of a document.
template <typename Visit>
void ForEachDialog(std::string_view document, Visit visit) {
  const std::optional<XmlSpan> root = FindXmlRoot(document);
  if (!root) return;
  XmlChildren children(root->content);
  while (const std::optional<XmlSpan> child = children.Next()) {
    if (XmlLocalName(child->tag.name) == "dialog") visit(*child);
  }
}

// They are all behind what version_at points to: the root's tag.
ComposedBody Without(const Elements& elements, const ComposedBody& composed) {
  const std::string_view body = composed.body;
  ComposedBody copy = {composed.content_type, {}, composed.version_at};
  copy.body.reserve(body.size());
  size_t copied = 0;
  for (const std::string_view element : elements) {
    const auto at = static_cast<size_t>(element.data() - body.data());
    copy.body.append(body.substr(copied, at - copied));
    copied = at + element.size();
  }
  copy.body.append(body.substr(copied));
  return copy;
}

bool Fits(const XmlSpan& dialog, std::string_view attribute,
          const std::optional<std::string>& wish) {
  if (!wish) return true;
  const std::optional<XmlAttributeSpan> found = dialog.tag.Find(attribute);
  return found && DecodeXmlReferences(found->value) == *wish;
}

bool Fits(const XmlSpan& dialog, const DialogWishes& wishes) {
  return Fits(dialog, "call-id", wishes.call_id) && Fits(dialog, "local-tag", wishes.local_tag) &&
         Fits(dialog, "remote-tag", wishes.remote_tag);
}

}  // namespace

std::optional<ComposedBody> WithoutSessions(const ComposedBody& composed) {
  if (composed.content_type != kDialogInfoType || composed.body.find(kSession) == kNone) {
    return std::nullopt;
  }
  Elements sessions;
  ForEachDialog(composed.body, [&](const XmlSpan& dialog) { FindSessions(dialog, sessions); });
  if (sessions.empty()) return std::nullopt;
  return Without(sessions, composed);
}

DialogWishes ReadDialogWishes(std::string_view event_parameters) {
  DialogWishes wishes;
  if (event_parameters.empty()) return wishes;
  const auto parameters = SplitParameters(event_parameters);
  if (!parameters.ok()) return wishes;
  const auto take = [](const HeaderParameter& parameter, std::optional<std::string>& wish) {
    if (!wish) wish = parameter.value;
  };
  for (const HeaderParameter& parameter : *parameters) {
    wishes.sessions |= parameter.name == "include-session-description";
    if (parameter.name == "call-id") take(parameter, wishes.call_id);
    if (parameter.name == "to-tag") take(parameter, wishes.local_tag);
    if (parameter.name == "from-tag") take(parameter, wishes.remote_tag);
  }
  return wishes;
}

const ComposedBody& DialogsFor(const DialogWishes& wishes, const ComposedState& state,
                               ComposedBody& made) {
  const ComposedBody& all = wishes.sessions && state.whole != nullptr ? *state.whole : state.full;
  if (!wishes.call_id) return all;
  Elements others;
  ForEachDialog(all.body, [&](const XmlSpan& dialog) {
    if (!Fits(dialog, wishes)) others.push_back(dialog.text);
  });
  if (others.empty()) return all;
  made = Without(others, all);
  return made;
}

std::string DialogsTag(const DialogWishes& wishes, const ComposedState& state,
                       const ComposedBody& shown) {
  if (wishes.call_id) {
    return absl::StrCat("part.", absl::Hex(absl::HashOf(shown.body), absl::kZeroPad16));
  }
  return wishes.sessions && state.whole != nullptr ? state.entity_tag + ".s" : state.entity_tag;
}

}  // namespace sipevents::sip
