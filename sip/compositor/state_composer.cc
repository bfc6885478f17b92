#include "sip/compositor/state_composer.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/hash/hash.h"
#include "sip/base/ascii.h"
#include "sip/compose/composition.h"
#include "sip/compose/dialog_view.h"

namespace sipevents::sip {
namespace {

// `body`: the whole; the tag is of that, too.
ComposedStatePtr NewState(ComposedBody body, std::string entity_tag) {
  // It stays for long, and there may be a million of them.
  if (body.body.capacity() - body.body.size() > body.body.size() / 16) body.body.shrink_to_fit();
  std::unique_ptr<const ComposedBody> whole;
  if (std::optional<ComposedBody> shown = WithoutSessions(body)) {
    whole = std::make_unique<const ComposedBody>(std::move(body));
    body = *std::move(shown);
  }
  return std::make_shared<const ComposedState>(
      ComposedState{std::move(body), std::move(entity_tag), std::move(whole)});
}

}  // namespace

ComposedStatePtr StateComposer::Composed(std::string_view event_package, std::string_view resource,
                                         absl::Span<const PublishedState> publications,
                                         const ComposedStatePtr& before, ShownIds* shown) const {
  ComposedBody body = Compose(event_package, resource, publications, shown);
  std::string tag = tags_.Of(body);
  if (before != nullptr && before->entity_tag == tag) return before;
  return NewState(std::move(body), std::move(tag));
}

ComposedStatePtr StateComposer::Neutral(std::string_view event_package, std::string_view resource) {
  const size_t hash = absl::HashOf(AbslView(event_package), AbslView(resource));
  Remembered& entry = neutral_[hash % neutral_.size()];
  if (entry.state == nullptr || entry.resource != resource ||
      entry.event_package != event_package) {
    ComposedBody body = NeutralBody(event_package, resource);
    std::string tag = tags_.Of(body);
    entry = {std::string(event_package), std::string(resource),
             NewState(std::move(body), std::move(tag))};
  }
  return entry.state;
}

ComposedStatePtr StateComposer::Report(std::string_view event_package, std::string_view resource,
                                       const PublishedState& report, uint64_t serial) const {
  ComposedBody body = Compose(event_package, resource, {&report, 1});
  std::string tag = tags_.Of(body, serial);
  return NewState(std::move(body), std::move(tag));
}

}  // namespace sipevents::sip
