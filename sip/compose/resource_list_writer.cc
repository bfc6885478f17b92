#include "sip/compose/resource_list_writer.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr char kRlmiType[] = "application/rlmi+xml";
constexpr char kBinary[] = "\r\nContent-Transfer-Encoding: binary\r\n\r\n";

// The host of a URI, as far as it can stand in a Content-ID.
std::string HostOf(std::string_view uri) {
  uri.remove_prefix(uri.find('@') + 1);  // npos + 1 is 0
  const auto end = std::find_if_not(uri.begin(), uri.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
  });
  const std::string host(uri.begin(), end);
  return host.empty() ? "list" : host;
}

std::string_view WordOf(ListedResource::State state) {
  switch (state) {
    case ListedResource::State::kActive:
      return "active";
    case ListedResource::State::kPending:
      return "pending";
    case ListedResource::State::kTerminated:
      return "terminated";
  }
  return "active";
}

void AppendBody(const ComposedBody& body, uint32_t version, std::string& out) {
  if (body.version_at == ComposedBody::kNoVersion) {
    out += body.body;
    return;
  }
  const std::string_view text = body.body;
  absl::StrAppend(&out, AbslView(text.substr(0, body.version_at)), version,
                  AbslView(text.substr(body.version_at)));
}

}  // namespace

ResourceListWriter::ResourceListWriter(std::string_view list_uri, bool full)
    : host_(HostOf(list_uri)) {
  xml_.Begin("list");
  xml_.Attribute("xmlns", "urn:ietf:params:xml:ns:rlmi");
  xml_.Attribute("uri", list_uri);
  version_at_ = xml_.EmptyAttribute("version");
  xml_.Attribute("fullState", full ? "true" : "false");
}

std::string ResourceListWriter::CidOf(size_t part) const { return absl::StrCat(part, "@", host_); }

void ResourceListWriter::Add(const ListedResource& resource) {
  xml_.Begin("resource");
  xml_.Attribute("uri", resource.uri);
  xml_.TextElementIfAny("name", resource.name);
  if (!resource.instance.empty()) {
    const bool is_active = resource.state == ListedResource::State::kActive;
    xml_.Begin("instance");
    xml_.Attribute("id", resource.instance);
    xml_.Attribute("state", WordOf(resource.state));
    if (resource.state == ListedResource::State::kTerminated) {
      xml_.Attribute("reason", resource.reason.empty() ? "noresource" : resource.reason);
    }
    if (is_active && resource.body != nullptr && !resource.body->content_type.empty()) {
      // The root is part 0.
      const std::string cid = CidOf(spans_.size() + 1);
      xml_.Attribute("cid", cid);
      const size_t begin = parts_.size();
      absl::StrAppend(&parts_, "Content-ID: <", cid,
                      ">\r\nContent-Type: ", resource.body->content_type, kBinary);
      AppendBody(*resource.body, resource.version, parts_);
      spans_.emplace_back(begin, parts_.size());
    }
    xml_.End("instance");
  }
  xml_.End("resource");
}

// Parts may hold any text, also one that was made to look like a boundary.
std::string ResourceListWriter::Boundary() const {
  static constexpr std::string_view kBegin = "__list-part-";
  static constexpr size_t kDigits = 8;
  absl::flat_hash_set<absl::string_view> taken;
  const std::string_view parts = parts_;
  for (size_t at = parts.find(kBegin); at != std::string_view::npos; at = parts.find(kBegin, at)) {
    at += kBegin.size();
    taken.insert(AbslView(parts.substr(at, kDigits)));
  }
  for (uint32_t number = 0;; ++number) {
    const std::string digits = absl::StrCat(absl::Hex(number, absl::kZeroPad8));
    if (!taken.contains(digits)) return absl::StrCat(AbslView(kBegin), digits);
  }
}

ComposedBody ResourceListWriter::Take() {
  xml_.End("list");
  const std::string boundary = Boundary();
  const std::string root = CidOf(0);
  ComposedBody list;
  list.content_type = absl::StrCat("multipart/related;type=\"", kRlmiType, "\";start=\"<", root,
                                   ">\";boundary=\"", boundary, "\"");
  const std::string line = absl::StrCat("\r\n--", boundary);
  list.body.reserve(size() + (spans_.size() + 2) * (line.size() + 2) + 128);
  absl::StrAppend(&list.body, "--", boundary, "\r\nContent-ID: <", root,
                  ">\r\nContent-Type: ", kRlmiType, ";charset=\"UTF-8\"", kBinary);
  list.version_at = list.body.size() + version_at_;
  list.body += xml_.text();
  for (const auto& [begin, end] : spans_) {
    absl::StrAppend(&list.body, line, "\r\n");
    list.body.append(parts_, begin, end - begin);
  }
  absl::StrAppend(&list.body, line, "--\r\n");
  return list;
}

}  // namespace sipevents::sip
