#ifndef SIP_COMPOSITOR_TAGS_H_
#define SIP_COMPOSITOR_TAGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sip/base/keyed_hash.h"
#include "sip/base/random_id.h"
#include "sip/compose/composed_state.h"

// The two kinds of entity tags: of publications (RFC 3903 section 6.3), which change with each
// success, and of what watchers are shown (RFC 5839), which change with the content.

namespace sipevents::sip {

// Makes and reads SIP-ETags: which publication, and which one of its successes. Opaque to phones.
//
// Threads: any; immutable.
class PublicationTags {
 public:
  struct Tag {
    uint32_t slot = 0;    // of the publication's place in its table
    uint64_t serial = 0;  // over all successes; never 0

    bool operator==(const Tag&) const = default;
  };

  // Chance makes the tags of one process differ from those of every other one (ESC-15).
  explicit PublicationTags(RandomSource& random);

  // A token.
  std::string Text(Tag tag) const;
  // nullopt: not made by Text() of this object.
  std::optional<Tag> Parse(std::string_view text) const;

 private:
  const std::string prefix_;
};

// Makes the entity tags of composed bodies: equal ones have equal tags, so that nobody is notified
// of what did not change. The key is a secret: nobody can publish two bodies with one tag.
//
// Threads: any; immutable.
class ContentTags {
 public:
  explicit ContentTags(RandomSource& random) : key_{random.Next(), random.Next()} {}

  // A token of kOctets letters, digits, - and _ (90 bits, and no memory of its own). `salt`: tells
  // equal bodies apart that are not the same, as two reports are.
  std::string Of(const ComposedBody& body, uint64_t salt = 0) const;
  static constexpr size_t kOctets = 15;

  // For tables whose keys peers choose.
  uint64_t Hash(std::string_view text) const { return SipHash128(key_, text)[0]; }

 private:
  const std::array<uint64_t, 2> key_;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSITOR_TAGS_H_
