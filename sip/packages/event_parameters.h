#ifndef SIP_PACKAGES_EVENT_PARAMETERS_H_
#define SIP_PACKAGES_EVENT_PARAMETERS_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "sip/base/ascii.h"

namespace sipevents::sip {

// The value of a parameter of an Event header (`id=42;effective-by=3600`), for values that are
// tokens. Names are compared without regard to case; of two the first counts. Any thread.
inline std::optional<std::string_view> EventParameter(std::string_view parameters,
                                                      std::string_view name) {
  while (!parameters.empty()) {
    const size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (!EqualsIgnoreCase(TrimBlanks(parameter.substr(0, equals)), name)) continue;
    return TrimBlanks(parameter.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_EVENT_PARAMETERS_H_
