#include "sip/compose/watcher_info_writer.h"

#include <algorithm>
#include <cstdint>

#include "sip/compose/xml_writer.h"

namespace sipevents::sip {
namespace {

void WriteSeconds(std::string_view name, const std::optional<absl::Duration>& duration,
                  XmlWriter& xml) {
  if (!duration) return;
  const int64_t seconds = absl::ToInt64Seconds(*duration);
  xml.Attribute(name, static_cast<uint64_t>(std::clamp<int64_t>(seconds, 0, UINT32_MAX)));
}

}  // namespace

ComposedBody WriteWatcherInfo(std::string_view resource, std::string_view event_package,
                              absl::Span<const WatcherInfoRow> rows, bool full) {
  ComposedBody info = {.content_type = "application/watcherinfo+xml", .body = {}};
  XmlWriter xml;
  xml.Begin("watcherinfo");
  xml.Attribute("xmlns", "urn:ietf:params:xml:ns:watcherinfo");
  info.version_at = xml.EmptyAttribute("version");
  xml.Attribute("state", full ? "full" : "partial");
  xml.Begin("watcher-list");
  xml.Attribute("resource", resource);
  xml.Attribute("package", event_package);
  for (const WatcherInfoRow& row : rows) {
    xml.Begin("watcher");
    xml.Attribute("id", row.id);
    xml.Attribute("status", row.status);
    xml.Attribute("event", row.event);
    xml.AttributeIfAny("display-name", row.display_name);
    WriteSeconds("expiration", row.expiration, xml);
    WriteSeconds("duration-subscribed", row.duration_subscribed, xml);
    xml.Text(row.uri);
    xml.End("watcher");
  }
  xml.End("watcher-list");
  xml.End("watcherinfo");
  info.body = xml.Take();
  return info;
}

}  // namespace sipevents::sip
