#ifndef SIP_COMPOSE_PRESENCE_IDS_H_
#define SIP_COMPOSE_PRESENCE_IDS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "sip/compose/shown_ids.h"
#include "sip/compose/xml_gathering.h"

namespace sipevents::sip {

// Whether a document may have an id (an attribute of this name) twice. Never says no of one that
// has. Any thread.
bool MayRepeatIds(std::string_view document);

// Whether all that `shown` says of a publication is that its ids are its own. Any thread.
bool KeepsItsIds(const ShownIds& shown, std::string_view source);

// Makes the ids of a PIDF document that is put together differ: xs:ID of tuples (RFC 3863), persons
// and devices (RFC 4479), and of what is in the namespace of RPID (RFC 4480). An id that is taken
// becomes `source.id`, or `source.id.2` and so on.
//
// Threads: one at a time.
class PresenceIds {
 public:
  // `before`: the ids that tuples, persons and devices were shown under, and keep; null: none was.
  PresenceIds(const XmlGathering& gathering, const ShownIds* before)
      : gathering_(gathering), before_(before) {}
  PresenceIds(const PresenceIds&) = delete;
  PresenceIds& operator=(const PresenceIds&) = delete;

  // Gives tuples, persons and devices, pieces at these places, their ids; to be called once. Those
  // that have one already go first, so that nobody gets it from them; then publication by
  // publication, each in the order of the places.
  void Name(std::vector<size_t> places);

  // Appends any piece, with its id and those inside.
  void Append(size_t place, std::string& out);

  // Those of Name(); nothing, if they are too many to be remembered.
  ShownIds TakeShown();

 private:
  // An id like this one that nobody has, as it is to be written; from now on it is taken.
  std::string TakeFree(std::string_view id, std::string_view source);
  std::string KeyOf(const XmlPiece& piece) const;

  const XmlGathering& gathering_;
  const ShownIds* const before_;
  absl::flat_hash_set<std::string> taken_;
  absl::flat_hash_map<std::string, size_t> numbers_;  // used up behind `source.id`
  absl::flat_hash_map<size_t, std::string> names_;    // by place
  ShownIds shown_;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_PRESENCE_IDS_H_
