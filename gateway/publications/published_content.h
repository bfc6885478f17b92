#ifndef GATEWAY_PUBLICATIONS_PUBLISHED_CONTENT_H_
#define GATEWAY_PUBLICATIONS_PUBLISHED_CONTENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/rpc/errors.h"
#include "sipevents/v1/publications.pb.h"

namespace sipevents::gateway {

// What a Publication says, as SIP carries it and as its owner gave it. Immutable.
struct PublishedContent {
  std::string content_type;
  std::string body;
  // An encoded v1.Publication with nothing but the typed document; empty: it was given as a body.
  std::string typed;

  size_t octets() const { return content_type.size() + body.size() + typed.size(); }
  // Puts it into the `content` of a Publication as its owner gave it.
  void ShowIn(v1::Publication& publication) const;
};
using PublishedContentPtr = std::shared_ptr<const PublishedContent>;

// Whose state a content is to be.
struct ContentPlace {
  std::string_view target_uri;  // canonical
  std::string_view event_package;
  bool local = false;
};

// Makes a body of the `content` of `publication`, or checks the one that it has. What cannot be
// published goes into `violations`, with the field's path below `publication`; the result is then
// of no use. Of a body of a media type that we do not know for the package, nothing is checked
// where the route is REMOTE: that is for its compositor to judge. Threads: any.
PublishedContent CheckContent(const v1::Publication& publication, const ContentPlace& place,
                              FieldViolations& violations);

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_PUBLISHED_CONTENT_H_
