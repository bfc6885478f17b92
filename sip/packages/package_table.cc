#include "sip/packages/package_table.h"

#include <algorithm>

#include "sip/packages/call_completion.h"
#include "sip/packages/call_info.h"
#include "sip/packages/conference.h"
#include "sip/packages/dialog_info.h"
#include "sip/packages/key_press.h"
#include "sip/packages/message_summary.h"
#include "sip/packages/opaque.h"
#include "sip/packages/partial_presence.h"
#include "sip/packages/phone_features.h"
#include "sip/packages/presence.h"
#include "sip/packages/profile.h"
#include "sip/packages/refer_progress.h"
#include "sip/packages/registration.h"
#include "sip/packages/voice_quality.h"
#include "sip/packages/watcher_info.h"
#include "sip/packages/xcap_diff.h"

namespace sipevents::sip {
namespace {

// States of resources: one row each.
std::vector<EventPackage> ResourcePackages() {
  return {
      {.name = "call-completion",
       .accept = {"application/call-completion"},
       .allows_forks = true,
       .new_merger = NewCallCompletionMerger,
       .takes_lists = false,
       .resumable = true},
      {.name = "conference",
       .accept = {"application/conference-info+xml"},
       .new_merger = NewConferenceMerger,
       .resumable = true},
      {.name = "dialog",
       .accept = {"application/dialog-info+xml"},
       .allows_forks = true,
       .new_merger = NewDialogMerger,
       .resumable = true},
      {.name = "message-summary",
       .accept = {"application/simple-message-summary"},
       .allows_forks = true,
       .merges_forks = true,
       .new_merger = NewMessageSummaryMerger,
       .resumable = true},
      // Changes (RFC 5263) are for who asks for them: one that is lost costs a refresh, and most
      // documents are small.
      {.name = "presence",
       .accept = {"application/pidf+xml"},
       .new_merger = NewPresenceMerger,
       .tolerated_type = "application/cpim-pidf+xml",
       .changes_type = kPidfDiffType,
       .resumable = true},
      {.name = "presence.winfo",
       .accept = {"application/watcherinfo+xml"},
       .allows_forks = true,
       .merges_forks = true,
       .new_merger = NewWatcherInfoMerger,
       .template_suffix = ".winfo",
       .resumable = true},
      {.name = "reg",
       .accept = {"application/reginfo+xml"},
       .default_expires = absl::Seconds(3761),
       .new_merger = NewRegistrationMerger,
       .resumable = true},
      // The format of the profile is the vendor's.
      {.name = "ua-profile",
       .accept = {"message/external-body", "*/*"},
       .default_expires = absl::Hours(24),
       .new_merger = NewProfileMerger,
       .takes_lists = false},
      {.name = "xcap-diff",
       .accept = {"application/xcap-diff+xml"},
       .new_merger = NewXcapDiffMerger,
       .takes_lists = false},
  };
}

// What happens to a call or a request: one row each.
std::vector<EventPackage> OccurrencePackages() {
  return {
      {.name = "kpml",
       .kind = PackageKind::kEvent,
       .accept = {"application/kpml-response+xml"},
       .default_expires = absl::Hours(2),
       .new_merger = NewKeyPressMerger,
       .takes_lists = false},
      {.name = "refer",
       .kind = PackageKind::kEvent,
       .accept = {"message/sipfrag;version=2.0"},
       .allows_forks = true,
       .new_merger = NewReferMerger,
       .takes_lists = false},
      {.name = "vq-rtcpxr",
       .kind = PackageKind::kEvent,
       .accept = {"application/vq-rtcpxr"},
       .new_merger = NewVoiceQualityMerger,
       .takes_lists = false},
  };
}

// BroadSoft's: one row each.
std::vector<EventPackage> VendorPackages() {
  return {
      {.name = "as-feature-event",
       .accept = {"application/x-as-feature-event+xml", "multipart/mixed"},
       .new_merger = NewPhoneFeaturesMerger,
       .takes_lists = false},
      // Headers are all that it has.
      {.name = "call-info", .new_merger = NewCallInfoMerger, .takes_lists = false},
      {.name = "line-seize",
       .default_expires = absl::Seconds(15),
       .new_merger = NewLineSeizeMerger,
       .takes_lists = false},
  };
}

// All rows, by name.
std::vector<EventPackage> MakeTable() {
  std::vector<EventPackage> table = ResourcePackages();
  for (const std::vector<EventPackage>& more : {OccurrencePackages(), VendorPackages()}) {
    table.insert(table.end(), more.begin(), more.end());
  }
  std::sort(table.begin(), table.end(), [](const EventPackage& one, const EventPackage& other) {
    return one.name < other.name;
  });
  return table;
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
