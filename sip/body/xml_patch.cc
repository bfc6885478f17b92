#include "sip/body/xml_patch.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/body/body_size.h"
#include "sip/body/xml_guard.h"
#include "sip/body/xml_patch_operation.h"

namespace sipevents::sip {
namespace {

constexpr char kTooMuchWork[] = "the changes take more work to apply than is allowed";

// The same error, with the operation that it is about.
absl::Status Name(pugi::xml_node operation, size_t number, const absl::Status& status) {
  return {status.code(), absl::StrCat("change ", number, ", <", AbslView(operation.name()),
                                      " sel=", QuoteForMessage(operation.attribute("sel").value()),
                                      ">: ", status.message())};
}

}  // namespace

absl::Status XmlPatch::Load(std::string_view document, bool lenient) {
  buffer_.assign(document.substr(0, kMaxBodyOctets + 1));
  return ParseGuardedXml(buffer_, lenient, document_, names_, XmlDetail::kAll).status();
}

absl::Status XmlPatch::Apply(pugi::xml_node changes) {
  const std::optional<std::string_view> uri =
      scope_.UriOf(changes, SplitXmlName(changes.name()).prefix);
  XmlPatchTarget target = {document_, scope_, declared_octets_};
  size_t number = 0;
  for (pugi::xml_node child = changes.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element) continue;
    const XmlQName name = SplitXmlName(child.name());
    // What others extended the format by.
    if (scope_.UriOf(child, name.prefix) != uri) continue;
    if (++number > kMaxPatchOperations) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxPatchOperations, " changes in one document"));
    }
    absl::Status status = XmlPatchOperation(child, target).Apply();
    // Whatever was found, or was not, is then worth nothing.
    if (scope_.exhausted()) status = absl::ResourceExhaustedError(kTooMuchWork);
    if (!status.ok()) return Name(child, number, status);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> XmlPatch::Text() const {
  std::string text;
  for (const pugi::xml_node node : document_.children()) {
    if (node.type() == pugi::node_element) text = XmlText(node);
  }
  if (text.size() > kMaxBodyOctets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the changed document has more than ", kMaxBodyOctets, " octets"));
  }
  return text;
}

void RenameElement(pugi::xml_node element, std::string_view uri, std::string_view local) {
  // No more than one element's surroundings are looked at.
  XmlScope scope(kMaxPatchWork);
  if (scope.UriOf(element, {}) == uri) {
    element.set_name(std::string(local).c_str());
    return;
  }
  std::string prefix(scope.PrefixOf(element, uri));
  for (int i = 0; prefix.empty(); ++i) {
    std::string candidate = absl::StrCat("n", i);
    if (FindDeclaration(element, candidate)) continue;
    Declare(element, candidate, uri);
    prefix = std::move(candidate);
  }
  element.set_name(absl::StrCat(prefix, ":", AbslView(local)).c_str());
}

}  // namespace sipevents::sip
