#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "sip/base/ascii.h"
#include "sip/body/values.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/presence_ids.h"
#include "sip/compose/root_attributes.h"
#include "sip/compose/xml_gathering.h"
#include "sip/compose/xml_text.h"

namespace sipevents::sip {
namespace {

bool IsPidf(const XmlPiece& piece, std::string_view local) {
  return piece.local == local && piece.uri == kPidfUri;
}

bool IsDataModel(const XmlPiece& piece, std::string_view local) {
  return piece.local == local && piece.uri == kDataModelUri;
}

// What the child element of this name, whatever its namespace, says.
std::string TextOfChild(const XmlPiece& piece, std::string_view local) {
  XmlChildren children(piece.element.content);
  while (const std::optional<XmlSpan> child = children.Next()) {
    if (XmlLocalName(child->tag.name) == local) return XmlTextOf(*child);
  }
  return {};
}

// How recent a person or device is, compared member by member.
using Recency = std::tuple<absl::Time, absl::Time, size_t>;

Recency RecencyOf(const XmlGathering& gathering, const XmlPiece& piece, size_t place) {
  const absl::Time publish_time = gathering.publication(piece).publish_time;
  const std::optional<absl::Time> said = ParseDateTime(TextOfChild(piece, "timestamp"));
  return {said.value_or(publish_time), publish_time, place};
}

// The pieces of all publications, sorted as the schema has them (RFC 3863 section 4.4).
class PresenceParts {
 public:
  explicit PresenceParts(const XmlGathering& gathering) : gathering_(gathering) {
    for (size_t i = 0; i < gathering.pieces().size(); ++i) Take(i);
  }

  // Those that an id tells apart: tuples, the person, devices.
  std::vector<size_t> Named() const {
    std::vector<size_t> places = tuples_;
    if (person_) places.push_back(std::get<2>(*person_));
    for (const auto& [id, recency] : devices_) places.push_back(std::get<2>(recency));
    return places;
  }

  // Appends what the common root holds.
  void AppendTo(PresenceIds& ids, std::string& out) const {
    for (const size_t i : tuples_) ids.Append(i, out);
    for (const size_t i : notes_) ids.Append(i, out);
    if (person_) ids.Append(std::get<2>(*person_), out);
    for (const auto& [id, recency] : devices_) ids.Append(std::get<2>(recency), out);
    for (const size_t i : others_) ids.Append(i, out);
  }

 private:
  void Take(size_t place) {
    const XmlPiece& piece = gathering_.pieces()[place];
    if (IsPidf(piece, "tuple")) {
      tuples_.push_back(place);
    } else if (IsPidf(piece, "note") || IsDataModel(piece, "note")) {
      notes_.push_back(place);
    } else if (IsDataModel(piece, "person")) {
      const Recency recency = RecencyOf(gathering_, piece, place);
      if (!person_ || recency > *person_) person_ = recency;
    } else if (IsDataModel(piece, "device")) {
      std::string id = TextOfChild(piece, "deviceID");
      // Without one it is nobody else's.
      if (id.empty()) id = absl::StrCat(" ", place);
      const Recency recency = RecencyOf(gathering_, piece, place);
      const auto [known, is_new] = devices_.try_emplace(std::move(id), recency);
      if (!is_new && recency > known->second) known->second = recency;
    } else {
      others_.push_back(place);
    }
  }

  const XmlGathering& gathering_;
  std::vector<size_t> tuples_;
  std::vector<size_t> notes_;
  std::vector<size_t> others_;
  std::optional<Recency> person_;
  std::map<std::string, Recency> devices_;  // by deviceID
};

std::string RootWith(std::string_view resource) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"",
                      AbslView(kPidfUri), "\" entity=\"", XmlEscaped(resource), "\"");
}

ComposedBody PassedOn(std::string_view resource, std::string_view body) {
  const std::optional<XmlTagSpan> root = FindXmlRootTag(body);
  if (!root) return NeutralPresence(resource);
  const std::string entity = XmlEscaped(resource);
  size_t unused = 0;
  return {.content_type = std::string(kPidfType),
          .body = WithRootAttributes(body, *root, {{"entity", entity}}, unused)};
}

}  // namespace

ComposedBody ComposePresence(std::string_view resource,
                             absl::Span<const PublishedState> publications, ShownIds* shown) {
  const PublishedState& first = publications.front();
  const bool is_only = publications.size() == 1;
  if (is_only && (shown == nullptr || KeepsItsIds(*shown, first.source)) &&
      !MayRepeatIds(first.body)) {
    if (shown != nullptr) shown->clear();
    return PassedOn(resource, first.body);
  }
  XmlGathering gathering(kPidfUri);
  for (const PublishedState& publication : publications) gathering.Add(publication);
  // One that is too large for other ids keeps its own.
  if (is_only && gathering.document_count() == 0) return PassedOn(resource, first.body);
  ComposedBody composed = {.content_type = std::string(kPidfType), .body = RootWith(resource)};
  gathering.AppendDeclarations(composed.body);
  composed.body += '>';
  const PresenceParts parts(gathering);
  PresenceIds ids(gathering, shown);
  ids.Name(parts.Named());
  parts.AppendTo(ids, composed.body);
  composed.body += "</presence>\r\n";
  if (shown != nullptr) *shown = ids.TakeShown();
  return composed;
}

ComposedBody NeutralPresence(std::string_view resource) {
  return {.content_type = std::string(kPidfType),
          .body = absl::StrCat(RootWith(resource), "/>\r\n")};
}

}  // namespace sipevents::sip
