#include "sip/packages/rlmi.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"
#include "sip/body/media_type.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:rlmi";
constexpr std::string_view kRlmi = "application/rlmi+xml";
constexpr std::string_view kRelated = "multipart/related";

std::string Attribute(pugi::xml_node element, const char* name) {
  return std::string(TrimBlanks(element.attribute(name).value()));
}

// As in `cid` and `start`: the brackets, and the scheme of RFC 2392, are not part of it.
std::string_view BareId(std::string_view id) {
  id = TrimBlanks(id);
  if (id.starts_with("cid:")) id.remove_prefix(4);
  if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  return id;
}

// Some list servers leave the state out, and tell it by what else is there.
RlmiInstance::State StateOf(pugi::xml_node element, const RlmiInstance& instance) {
  const std::string state = ToLower(Attribute(element, "state"));
  if (state == "terminated") return RlmiInstance::State::kTerminated;
  if (state == "pending") return RlmiInstance::State::kPending;
  if (state == "active" || !instance.cid.empty()) return RlmiInstance::State::kActive;
  return instance.reason.empty() ? RlmiInstance::State::kPending : RlmiInstance::State::kTerminated;
}

absl::StatusOr<RlmiInstance> ReadInstance(pugi::xml_node element, bool lenient) {
  RlmiInstance instance;
  instance.id = Attribute(element, "id");
  instance.reason = Attribute(element, "reason");
  instance.cid = std::string(BareId(element.attribute("cid").value()));
  if (!lenient && instance.id.empty()) {
    return absl::InvalidArgumentError("an instance without id");
  }
  if (!lenient && Attribute(element, "state").empty()) {
    return absl::InvalidArgumentError("an instance without state");
  }
  instance.state = StateOf(element, instance);
  return instance;
}

// Reads `element` into `resource`, which may hold what an earlier element of the same URI said.
absl::Status ReadResource(pugi::xml_node element, bool lenient, DecodeScratch& scratch,
                          RlmiResource& resource) {
  for (const pugi::xml_node child : element.children()) {
    if (resource.name.empty() && IsElement(child, kSpace, "name", scratch)) {
      resource.name = std::string(scratch.Text(child));
    }
    if (!IsElement(child, kSpace, "instance", scratch)) continue;
    SIPEVENTS_ASSIGN_OR_RETURN(RlmiInstance instance, ReadInstance(child, lenient));
    resource.instances.push_back(std::move(instance));
  }
  return absl::OkStatus();
}

bool IsTrue(std::string_view word) { return word == "1" || EqualsIgnoreCase(word, "true"); }

absl::StatusOr<RlmiList> ReadRlmi(std::string_view document, bool lenient, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(document, lenient));
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, kSpace, "list", scratch));
  RlmiList list;
  list.uri = Attribute(root, "uri");
  if (const auto version = ParseClamped(Attribute(root, "version"), UINT32_MAX)) {
    list.head.version = static_cast<uint32_t>(*version);
  }
  list.head.partial = !IsTrue(Attribute(root, "fullState"));
  absl::flat_hash_map<std::string, size_t> known;
  for (const pugi::xml_node child : root.children()) {
    if (!IsElement(child, kSpace, "resource", scratch)) continue;
    std::string uri = Attribute(child, "uri");
    if (uri.empty()) return absl::InvalidArgumentError("a resource without uri");
    if (uri.size() > kMaxUriOctets) {
      return absl::InvalidArgumentError(
          absl::StrCat("a resource whose uri has more than ", kMaxUriOctets, " octets"));
    }
    const auto [at, is_new] = known.try_emplace(uri, list.resources.size());
    if (is_new) list.resources.push_back({.uri = std::move(uri), .name = {}, .instances = {}});
    SIPEVENTS_RETURN_IF_ERROR(ReadResource(child, lenient, scratch, list.resources[at->second]));
  }
  return list;
}

// Which part is the root (RFC 2387 section 3.2): the one that `start` names, or the first.
absl::StatusOr<size_t> RootOf(const std::vector<MultipartPart>& parts,
                              std::string_view content_type) {
  const std::optional<std::string> start = MediaTypeParameter(content_type, "start");
  if (!start.has_value()) return size_t{0};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].content_id == BareId(*start)) return i;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no part is the root ", QuoteForMessage(BareId(*start))));
}

}  // namespace

bool IsEventList(std::string_view content_type, bool lenient) {
  if (MatchesMediaType(content_type, kRlmi)) return true;
  if (!MatchesMediaType(content_type, kRelated)) return false;
  const std::optional<std::string> type = MediaTypeParameter(content_type, "type");
  return type.has_value() ? MatchesMediaType(*type, kRlmi) : lenient;
}

absl::StatusOr<ListBody> ListBody::Read(std::string_view content_type, std::string_view body,
                                        bool lenient, DecodeScratch& scratch) {
  ListBody result;
  if (!MatchesMediaType(content_type, kRelated)) {
    SIPEVENTS_ASSIGN_OR_RETURN(result.list_, ReadRlmi(body, lenient, scratch));
    return result;
  }
  SIPEVENTS_ASSIGN_OR_RETURN(result.parts_, SplitMultipart(content_type, body, lenient));
  SIPEVENTS_ASSIGN_OR_RETURN(const size_t root, RootOf(result.parts_, content_type));
  if (!MatchesMediaType(result.parts_[root].content_type, kRlmi)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the root is ", QuoteForMessage(result.parts_[root].content_type),
                     " instead of ", AbslView(kRlmi)));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(result.list_, ReadRlmi(result.parts_[root].body, lenient, scratch));
  for (size_t i = 0; i < result.parts_.size(); ++i) {
    if (i != root) result.by_id_.try_emplace(AbslView(result.parts_[i].content_id), i);
  }
  return result;
}

const MultipartPart* ListBody::Take(std::string_view cid) {
  const auto found = by_id_.find(AbslView(cid));
  if (cid.empty() || found == by_id_.end()) return nullptr;
  const MultipartPart& part = parts_[found->second];
  by_id_.erase(found);
  return &part;
}

}  // namespace sipevents::sip
