#include "sip/body/xml_names.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

struct KnownUri {
  std::string_view uri;
  XmlNamespace space;
  bool legacy;  // of a draft; deployed, but not by any RFC
};

constexpr std::array kKnownUris = {
    KnownUri{"urn:ietf:params:xml:ns:pidf", XmlNamespace::kPidf, false},
    KnownUri{"urn:ietf:params:xml:ns:pidf:data-model", XmlNamespace::kDataModel, false},
    KnownUri{"urn:ietf:params:xml:ns:pidf:rpid", XmlNamespace::kRpid, false},
    KnownUri{"urn:ietf:params:xml:ns:dialog-info", XmlNamespace::kDialogInfo, false},
    KnownUri{"urn:ietf:params:xml:ns:cpim-pidf", XmlNamespace::kPidf, true},
    // Asterisk, for the sake of eyeBeam; Cisco; phones on old oSIP.
    KnownUri{"urn:ietf:params:xml:ns:pidf:person", XmlNamespace::kDataModel, true},
    KnownUri{"urn:ietf:params:xml:ns:pidf:rpid:rpid-person", XmlNamespace::kRpid, true},
    KnownUri{"urn:ietf:params:xml:ns:pidf:rpid:status:rpid-status", XmlNamespace::kRpid, true},
    KnownUri{"urn:ietf:params:xml:ns:pidf:status:rpid", XmlNamespace::kRpid, true},
    KnownUri{"urn:ietf:params:xml:ns:pidf:status:rpid-status", XmlNamespace::kRpid, true},
    KnownUri{"urn:ietf:params:xml:ns:pidf:rpid-tuple", XmlNamespace::kRpid, true},
    KnownUri{"urn:cisco:params:xml:ns:pidf:rpid", XmlNamespace::kRpid, true},
};

XmlNamespace SpaceOfUri(std::string_view uri, bool lenient) {
  if (uri.empty()) return XmlNamespace::kNone;  // xmlns="" takes the default back
  for (const KnownUri& known : kKnownUris) {
    if (known.uri == uri && (lenient || !known.legacy)) return known.space;
  }
  return XmlNamespace::kForeign;
}

constexpr std::string_view kXmlns = "xmlns";

}  // namespace

pugi::xml_node NextInDocument(pugi::xml_node node, pugi::xml_node root, int& depth) {
  if (const pugi::xml_node child = node.first_child()) {
    ++depth;
    return child;
  }
  while (node != root) {
    if (const pugi::xml_node next = node.next_sibling()) return next;
    node = node.parent();
    --depth;
  }
  return {};
}

bool XmlNames::Declare(pugi::xml_node element, bool lenient) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    if (!IsNamespaceDeclaration(attribute.name())) continue;
    const std::string_view name = attribute.name();
    if (bindings_.size() == kMaxBindings) return false;
    const std::string_view prefix =
        name.size() > kXmlns.size() ? name.substr(kXmlns.size() + 1) : std::string_view();
    bindings_.push_back({prefix, SpaceOfUri(attribute.value(), lenient), attribute.value()});
  }
  return true;
}

const XmlNames::Binding* XmlNames::Lookup(std::string_view prefix) const {
  // The innermost declaration wins.
  for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
    if (binding->prefix == prefix) return &*binding;
  }
  return nullptr;
}

absl::Status XmlNames::Learn(pugi::xml_node root, bool has_inner, bool lenient) {
  bindings_.clear();
  spaces_.clear();
  has_inner_ = has_inner;
  if (has_inner) return LearnInner(root, lenient);
  if (!Declare(root, lenient)) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxBindings, " XML namespaces are declared"));
  }
  return absl::OkStatus();
}

absl::Status XmlNames::LearnInner(pugi::xml_node root, bool lenient) {
  // How many bindings were in force outside of each open element.
  std::vector<size_t> outside;
  int depth = 1;
  for (pugi::xml_node node = root; node; node = NextInDocument(node, root, depth)) {
    while (outside.size() >= static_cast<size_t>(depth)) {
      bindings_.resize(outside.back());
      outside.pop_back();
    }
    outside.push_back(bindings_.size());
    if (!Declare(node, lenient)) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxBindings, " XML namespaces are in force at one place"));
    }
    const std::string_view name = node.name();
    const size_t colon = name.find(':');
    const bool prefixed = colon != std::string_view::npos;
    const Binding* const binding = Lookup(prefixed ? name.substr(0, colon) : std::string_view());
    if (binding != nullptr) spaces_[node.internal_object()] = {binding->space, binding->uri, {}};
  }
  return absl::OkStatus();
}

XmlName XmlNames::Of(pugi::xml_node element) const {
  const std::string_view name = element.name();
  const size_t colon = name.find(':');
  const bool prefixed = colon != std::string_view::npos;
  const std::string_view local = prefixed ? name.substr(colon + 1) : name;
  if (has_inner_) {
    const auto found = spaces_.find(element.internal_object());
    return found == spaces_.end() ? XmlName{.local = local}
                                  : XmlName{found->second.space, found->second.uri, local};
  }
  const Binding* const binding = Lookup(prefixed ? name.substr(0, colon) : std::string_view());
  return binding == nullptr ? XmlName{.local = local}
                            : XmlName{binding->space, binding->uri, local};
}

}  // namespace sipevents::sip
