#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

struct Group {
  v1::XcapDocument::Change change;
  absl::string_view head;
};

constexpr Group kGroups[] = {
    {v1::XcapDocument::CREATED, "there"},
    {v1::XcapDocument::CHANGED, "changed"},
    {v1::XcapDocument::REMOVED, "removed"},
    {v1::XcapDocument::BODY_NOT_CHANGED, "written again, the same"},
    {v1::XcapDocument::CHANGE_UNSPECIFIED, "told of"},
};

// Elements and attributes: those of which was just told.
template <typename Nodes>
void AddNodes(const Nodes& nodes, Parts& there, Parts& gone) {
  for (const auto& node : nodes) {
    if (node.just_told()) (node.exists() ? there : gone).Add(Printable(node.sel()));
  }
}

}  // namespace

Summary Summarize(const v1::XcapDiff& documents) {
  Parts texts;
  for (const Group& group : kGroups) {
    Parts names;
    for (const v1::XcapDocument& document : documents.documents()) {
      if (document.just_told() && document.change() == group.change) {
        names.Add(Printable(document.sel()));
      }
    }
    texts.Add(names.Under(group.head));
  }
  Parts there;
  Parts gone;
  AddNodes(documents.elements(), there, gone);
  AddNodes(documents.attributes(), there, gone);
  texts.Add(there.Under("now"));
  texts.Add(gone.Under("no longer"));
  if (!texts.empty()) return {texts.Join("; "), Tone::kPlain};
  const int followed =
      documents.documents_size() + documents.elements_size() + documents.attributes_size();
  if (followed == 0) return {"nothing there", Tone::kMissing};
  return {absl::StrCat("nothing new of ", followed, " followed"), Tone::kPlain};
}

}  // namespace sipevents::client
