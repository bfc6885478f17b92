#ifndef SIP_COMPOSE_XML_GATHERING_H_
#define SIP_COMPOSE_XML_GATHERING_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "sip/compose/composed_state.h"
#include "sip/compose/xml_span.h"

namespace sipevents::sip {

// A child of one of the roots.
struct XmlPiece {
  XmlSpan element;
  size_t document = 0;     // which of XmlGathering's it is of
  std::string_view uri;    // of its namespace, as it is written; empty: none
  std::string_view local;  // its name without prefix
  std::string_view id;     // its attribute `id`, as it is written; empty: none
};

// Something else in the place of a part of a piece, behind the name of its tag.
struct XmlEdit {
  std::string_view was;  // views the text of the piece
  std::string is;
};

// The children of several documents' roots on their way under one root. Their octets stay; what
// prefixes stand for goes to the common root, or, where documents disagree, to the piece.
//
// Threads: one at a time.
class XmlGathering {
 public:
  // The common root's default namespace is `root_uri`.
  explicit XmlGathering(std::string_view root_uri) { shared_.push_back({"xmlns", root_uri, {}}); }
  XmlGathering(const XmlGathering&) = delete;
  XmlGathering& operator=(const XmlGathering&) = delete;

  // Takes the children of a publication's root; it must outlive the object. One that is not
  // well-formed, or with which all would have more than kMaxBodyOctets, is left out.
  void Add(const PublishedState& publication);

  // Those that were not left out.
  size_t document_count() const { return documents_.size(); }

  // In the order of publications and documents.
  const std::vector<XmlPiece>& pieces() const { return pieces_; }
  const PublishedState& publication(const XmlPiece& piece) const {
    return *documents_[piece.document].publication;
  }

  // What a prefix (empty: none) of the piece's name, or inside, stands for where neither the piece
  // nor anything inside declares it; empty: nothing.
  std::string_view UriOf(const XmlPiece& piece, std::string_view prefix) const;

  // Appends the octets of a piece.
  void Append(const XmlPiece& piece, std::string& out) const { Append(piece, {}, out); }
  // The same, with changes, which come in the order of the text.
  void Append(const XmlPiece& piece, absl::Span<const XmlEdit> edits, std::string& out) const;
  // The same, with another id if a piece with its id was appended by this function: `source.id`.
  void AppendWithOwnId(const XmlPiece& piece, std::string& out);

  // Appends the attributes by which the common root declares namespaces beside its own.
  void AppendDeclarations(std::string& out) const;

 private:
  // An attribute of a root that is about what is inside: a namespace, or one like xml:lang.
  struct Binding {
    std::string_view name;
    std::string_view value;
    std::string_view text;  // the whole attribute
  };
  using Bindings = std::vector<Binding>;
  struct Document {
    const PublishedState* publication = nullptr;
    Bindings carried;  // what pieces must say themselves, because the common root says otherwise
  };

  static Bindings BindingsOf(const XmlTagSpan& root);
  // Sorts what a root declares into what the common root can declare too, and what it cannot.
  void Sort(const Bindings& bindings, Bindings& shareable, Bindings& carried) const;
  // The text of a body in UTF-8.
  std::string_view Utf8Of(std::string_view body);

  Bindings shared_;  // by the common root; the default namespace first
  std::vector<Document> documents_;
  std::vector<XmlPiece> pieces_;
  absl::flat_hash_set<std::string> ids_;
  std::deque<std::string> converted_;  // bodies that were not in UTF-8
  size_t octets_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_XML_GATHERING_H_
