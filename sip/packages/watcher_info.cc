#include "sip/packages/watcher_info.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/body/xml_record.h"
#include "sip/packages/table_merger.h"

namespace sipevents::sip {
namespace {

namespace list = fields::WatcherList;
namespace watcher = fields::Watcher;

constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:watcherinfo";

constexpr XmlToken kStatuses[] = {
    {"pending", watcher::Status::kPENDING},
    {"active", watcher::Status::kACTIVE},
    {"waiting", watcher::Status::kWAITING},
    {"terminated", watcher::Status::kTERMINATED},
};
constexpr XmlToken kEvents[] = {
    {"subscribe", watcher::Event::kSUBSCRIBE},     {"approved", watcher::Event::kAPPROVED},
    {"deactivated", watcher::Event::kDEACTIVATED}, {"probation", watcher::Event::kPROBATION},
    {"rejected", watcher::Event::kREJECTED},       {"timeout", watcher::Event::kTIMEOUT},
    {"giveup", watcher::Event::kGIVEUP},           {"noresource", watcher::Event::kNORESOURCE},
};
constexpr XmlField kWatcherFields[] = {
    Attribute("id", watcher::kId),
    Self(watcher::kUri),
    Attribute("display-name", watcher::kDisplayName),
    Attribute("xml:lang", watcher::kLanguage),
    Attribute("status", watcher::kStatus, kStatuses),
    Attribute("event", watcher::kEvent, kEvents),
    Attribute("expiration", watcher::kExpiration, XmlValue::kSeconds),
    Attribute("duration-subscribed", watcher::kDurationSubscribed, XmlValue::kSeconds),
};
constexpr XmlRecord kWatcher = {kSpace, kWatcherFields};
constexpr XmlField kListFields[] = {
    Attribute("resource", list::kResource),
    Attribute("package", list::kEventPackage),
};
constexpr XmlRecord kList = {kSpace, kListFields};

absl::StatusOr<RowTable::Group> ReadList(pugi::xml_node element, DecodeScratch& scratch) {
  RowTable::Group group;
  group.key = absl::StrCat(element.attribute("resource").value(), " ",
                           element.attribute("package").value());
  group.fields = EncodeXmlRecord(kList, element, scratch);
  for (const pugi::xml_node child : element.children()) {
    if (!IsElement(child, kSpace, "watcher", scratch)) continue;
    const std::string_view id = child.attribute("id").value();
    if (id.empty()) return absl::InvalidArgumentError("a watcher without id");
    group.rows.push_back(
        {.key = std::string(id),
         .fields = EncodeXmlRecord(kWatcher, child, scratch),
         .over = EqualsIgnoreCase(child.attribute("status").value(), "terminated")});
  }
  return group;
}

constexpr TableShape kShape = {
    .content_type = "application/watcherinfo+xml",
    .space = kSpace,
    .root = "watcherinfo",
    .group = "watcher-list",
    .read_group = ReadList,
    .document_number = fields::Event::kWatcherInfo,
    .group_number = fields::WatcherInfo::kLists,
    .row_number = list::kWatchers,
    .merges_forks = true,
};

}  // namespace

std::unique_ptr<StateMerger> NewWatcherInfoMerger() { return NewTableMerger(kShape); }

}  // namespace sipevents::sip
