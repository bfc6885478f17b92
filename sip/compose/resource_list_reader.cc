#include "sip/compose/resource_list_reader.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "pugixml.hpp"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/media_type.h"
#include "sip/body/xml_record.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kUri = "urn:ietf:params:xml:ns:resource-lists";

absl::StatusOr<ResourceListEntry> ReadEntry(pugi::xml_node element, DecodeScratch& scratch) {
  ResourceListEntry entry;
  entry.uri = std::string(TrimBlanks(element.attribute("uri").value()));
  if (const absl::StatusOr<Uri> uri = ParseUri(entry.uri); !uri.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an <entry> with the uri ", QuoteForMessage(entry.uri), ": ", uri.status().message()));
  }
  for (const pugi::xml_node child : element.children()) {
    if (!IsElement(child, kUri, "display-name", scratch)) continue;
    entry.name = std::string(scratch.Text(child));
    break;
  }
  return entry;
}

// The next element in the document that is a list or in one.
pugi::xml_node NextInLists(pugi::xml_node node, pugi::xml_node root, const DecodeScratch& scratch) {
  if (node == root || IsElement(node, kUri, "list", scratch)) {
    if (const pugi::xml_node child = node.first_child()) return child;
  }
  while (node != root) {
    if (const pugi::xml_node next = node.next_sibling()) return next;
    node = node.parent();
  }
  return {};
}

}  // namespace

bool IsResourceLists(std::string_view content_type) {
  return MatchesMediaType(content_type, "application/resource-lists+xml");
}

absl::StatusOr<std::vector<ResourceListEntry>> ReadResourceLists(std::string_view body,
                                                                 size_t most) {
  DecodeScratch scratch;
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(body, /*lenient=*/true));
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, kUri, "resource-lists", scratch));
  std::vector<ResourceListEntry> entries;
  absl::flat_hash_set<std::string> known;
  for (pugi::xml_node node = root; node; node = NextInLists(node, root, scratch)) {
    if (node == root || !IsElement(node, kUri, "entry", scratch)) continue;
    SIPEVENTS_ASSIGN_OR_RETURN(ResourceListEntry entry, ReadEntry(node, scratch));
    if (!known.insert(entry.uri).second) continue;
    if (entries.size() == most) {
      return absl::ResourceExhaustedError(absl::StrCat("more than ", most, " entries"));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace sipevents::sip
