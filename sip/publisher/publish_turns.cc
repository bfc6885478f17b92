#include "sip/publisher/publish_turns.h"

#include <algorithm>

#include "sip/base/ascii.h"

namespace sipevents::sip {

void PublishTurns::Ask(std::string_view request_uri, Client& client) {
  std::deque<Client*>& line = lines_[AbslView(request_uri)];
  line.push_back(&client);
  if (line.size() == 1) client.OnTurn();
}

void PublishTurns::Leave(std::string_view request_uri, Client& client) {
  const auto found = lines_.find(AbslView(request_uri));
  if (found == lines_.end()) return;
  std::deque<Client*>& line = found->second;
  const auto place = std::find(line.begin(), line.end(), &client);
  if (place == line.end()) return;
  const bool had_turn = place == line.begin();
  line.erase(place);
  if (line.empty()) {
    lines_.erase(found);
  } else if (had_turn) {
    line.front()->OnTurn();
  }
}

}  // namespace sipevents::sip
