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

  // Appends what the common root holds.
  void AppendTo(XmlGathering& gathering, std::string& out) const {
    for (const size_t i : tuples_) gathering.AppendWithOwnId(gathering.pieces()[i], out);
    for (const size_t i : notes_) gathering.Append(gathering.pieces()[i], out);
    if (person_) gathering.AppendWithOwnId(gathering.pieces()[std::get<2>(*person_)], out);
    for (const auto& [id, recency] : devices_) {
      gathering.AppendWithOwnId(gathering.pieces()[std::get<2>(recency)], out);
    }
    for (const size_t i : others_) gathering.Append(gathering.pieces()[i], out);
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

}  // namespace

ComposedBody ComposePresence(std::string_view resource,
                             absl::Span<const PublishedState> publications) {
  if (publications.size() == 1) {
    const std::string_view body = publications.front().body;
    const std::optional<XmlTagSpan> root = FindXmlRootTag(body);
    if (!root) return NeutralPresence(resource);
    const std::string entity = XmlEscaped(resource);
    size_t unused = 0;
    return {.content_type = std::string(kPidfType),
            .body = WithRootAttributes(body, *root, {{"entity", entity}}, unused)};
  }
  XmlGathering gathering(kPidfUri);
  for (const PublishedState& publication : publications) gathering.Add(publication);
  ComposedBody composed = {.content_type = std::string(kPidfType), .body = RootWith(resource)};
  gathering.AppendDeclarations(composed.body);
  composed.body += '>';
  PresenceParts(gathering).AppendTo(gathering, composed.body);
  composed.body += "</presence>\r\n";
  return composed;
}

ComposedBody NeutralPresence(std::string_view resource) {
  return {.content_type = std::string(kPidfType),
          .body = absl::StrCat(RootWith(resource), "/>\r\n")};
}

}  // namespace sipevents::sip
