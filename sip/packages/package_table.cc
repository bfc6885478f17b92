#include "sip/packages/package_table.h"

#include "sip/packages/dialog_info.h"
#include "sip/packages/message_summary.h"
#include "sip/packages/opaque.h"
#include "sip/packages/presence.h"
#include "sip/packages/watcher_info.h"

namespace sipevents::sip {
namespace {

// One row each, by name.
std::vector<EventPackage> MakeTable() {
  return {
      {.name = "dialog",
       .accept = {"application/dialog-info+xml"},
       .allows_forks = true,
       .new_merger = NewDialogMerger},
      {.name = "message-summary",
       .accept = {"application/simple-message-summary"},
       .allows_forks = true,
       .merges_forks = true,
       .new_merger = NewMessageSummaryMerger},
      {.name = "presence",
       .accept = {"application/pidf+xml"},
       .new_merger = NewPresenceMerger,
       .tolerated_type = "application/cpim-pidf+xml"},
      {.name = "presence.winfo",
       .accept = {"application/watcherinfo+xml"},
       .allows_forks = true,
       .merges_forks = true,
       .new_merger = NewWatcherInfoMerger,
       .template_suffix = ".winfo"},
  };
}

bool Serves(const EventPackage& package, std::string_view name) {
  if (package.template_suffix.empty()) return package.name == name;
  return name.size() > package.template_suffix.size() && name.ends_with(package.template_suffix);
}

}  // namespace

const std::vector<EventPackage>& TypedPackages() {
  // Never destroyed: SIP threads may outlive main()'s statics.
  static const auto& packages = *new std::vector<EventPackage>(MakeTable());
  return packages;
}

const EventPackage& FindPackage(std::string_view name) {
  for (const EventPackage& package : TypedPackages()) {
    if (Serves(package, name)) return package;
  }
  static const auto& opaque =
      *new EventPackage{.kind = PackageKind::kEvent, .new_merger = NewOpaqueMerger};
  return opaque;
}

bool IsTypedPackage(std::string_view name) { return !FindPackage(name).name.empty(); }

}  // namespace sipevents::sip
