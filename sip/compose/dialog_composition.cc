#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/root_attributes.h"
#include "sip/compose/xml_gathering.h"
#include "sip/compose/xml_text.h"

namespace sipevents::sip {
namespace {

// The root up to its declarations; `version` is left empty.
void AppendRoot(std::string_view resource, ComposedBody& composed) {
  absl::StrAppend(&composed.body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n",
                  "<dialog-info xmlns=\"", AbslView(kDialogInfoUri), "\" version=\"");
  composed.version_at = composed.body.size();
  absl::StrAppend(&composed.body, "\" state=\"full\" entity=\"", XmlEscaped(resource), "\"");
}

std::string CallIdOf(const XmlPiece& piece) {
  const std::optional<XmlAttributeSpan> call_id = piece.element.tag.Find("call-id");
  return call_id ? DecodeXmlReferences(call_id->value) : std::string();
}

// Whether both tell of the same call, given that they have the same id: phones number their calls
// from 1, each for itself; servers leave the Call-ID out.
bool IsSameCall(const XmlPiece& a, const XmlPiece& b) {
  const std::string id = CallIdOf(a);
  const std::string other = CallIdOf(b);
  return id.empty() || other.empty() || id == other;
}

// The pieces of all publications, of dialogs that several tell of only the one published last.
std::vector<size_t> ChoosePieces(const XmlGathering& gathering) {
  std::vector<size_t> chosen;
  std::multimap<std::string, size_t> by_id;  // of dialogs: into `chosen`
  for (size_t i = 0; i < gathering.pieces().size(); ++i) {
    const XmlPiece& piece = gathering.pieces()[i];
    if (piece.local != "dialog" || piece.uri != kDialogInfoUri) {
      chosen.push_back(i);
      continue;
    }
    const std::string id = DecodeXmlReferences(piece.id);
    bool is_known = false;
    const auto [begin, end] = by_id.equal_range(id);
    for (auto known = begin; known != end && !is_known; ++known) {
      size_t& place = chosen[known->second];
      const XmlPiece& other = gathering.pieces()[place];
      is_known = other.document != piece.document && IsSameCall(piece, other);
      if (is_known &&
          gathering.publication(piece).publish_time >= gathering.publication(other).publish_time) {
        place = i;
      }
    }
    if (is_known) continue;
    by_id.emplace(id, chosen.size());
    chosen.push_back(i);
  }
  return chosen;
}

}  // namespace

ComposedBody ComposeDialogs(std::string_view resource,
                            absl::Span<const PublishedState> publications) {
  if (publications.size() == 1) {
    const std::string_view body = publications.front().body;
    const std::optional<XmlTagSpan> root = FindXmlRootTag(body);
    if (!root) return NeutralDialogs(resource);
    const std::string entity = XmlEscaped(resource);
    ComposedBody composed = {.content_type = std::string(kDialogInfoType), .body = {}};
    composed.body = WithRootAttributes(
        body, *root, {{"version", ""}, {"state", "full"}, {"entity", entity}}, composed.version_at);
    return composed;
  }
  XmlGathering gathering(kDialogInfoUri);
  for (const PublishedState& publication : publications) gathering.Add(publication);
  ComposedBody composed = {.content_type = std::string(kDialogInfoType), .body = {}};
  AppendRoot(resource, composed);
  gathering.AppendDeclarations(composed.body);
  composed.body += '>';
  for (const size_t i : ChoosePieces(gathering)) {
    const XmlPiece& piece = gathering.pieces()[i];
    if (piece.local == "dialog" && piece.uri == kDialogInfoUri) {
      gathering.AppendWithOwnId(piece, composed.body);
    } else {
      gathering.Append(piece, composed.body);
    }
  }
  composed.body += "</dialog-info>\r\n";
  return composed;
}

ComposedBody NeutralDialogs(std::string_view resource) {
  ComposedBody composed = {.content_type = std::string(kDialogInfoType), .body = {}};
  AppendRoot(resource, composed);
  composed.body += "/>\r\n";
  return composed;
}

}  // namespace sipevents::sip
