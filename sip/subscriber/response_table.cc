#include "sip/subscriber/response_table.h"

#include <algorithm>
#include <iterator>

namespace sipevents::sip {
namespace {

using I = InitialAction;
using R = RefreshAction;
using F = FetchAction;

// By status. What is not here counts as x00.
constexpr ResponseRow kRows[] = {
    {200, I::kAwaitNotify, R::kAwaitNotify, F::kAwaitNotify},  // 202 and other 2xx alike (SUB-09)
    {204, I::kAwaitNotify, R::kNoNotify, F::kAwaitNotify},     // CEN-03, CEN-09
    {300, I::kRedirect, R::kRedirect, F::kRetry},
    {305, I::kStop, R::kKeep, F::kReport},  // its place is a proxy's business
    {400, I::kStop, R::kKeep, F::kSubscribeBriefly},
    {401, I::kAuthenticate, R::kAuthenticate, F::kRetry},
    {402, I::kStop, R::kKeep, F::kReport},
    {403, I::kStop, R::kKeep, F::kReport},
    {404, I::kStopUnlessHinted, R::kEnd, F::kReport},
    {405, I::kStop, R::kEnd, F::kReport},
    {406, I::kDropAccept, R::kKeep, F::kRetry},
    {407, I::kAuthenticate, R::kAuthenticate, F::kRetry},
    {408, I::kBackOff, R::kTimedOut, F::kReport},
    {410, I::kStop, R::kEnd, F::kReport},
    {413, I::kStopUnlessHinted, R::kKeep, F::kReport},
    {414, I::kStop, R::kKeep, F::kReport},
    {415, I::kDropBody, R::kKeep, F::kRetry},
    {416, I::kSecure, R::kEnd, F::kRetry},
    {420, I::kStop, R::kKeep, F::kReport},  // nothing is required by us that could be dropped
    {421, I::kStop, R::kKeep, F::kReport},  // no extension is left to be added
    {423, I::kLongerInterval, R::kLongerInterval, F::kSubscribeBriefly},
    {430, I::kBackOff, R::kKeep, F::kReport},
    {480, I::kBackOff, R::kEnd, F::kReport},
    {481, I::kBackOff, R::kEndAnew, F::kReport},
    {482, I::kStop, R::kEnd, F::kReport},
    {483, I::kStop, R::kEnd, F::kReport},  // Max-Forwards is 70 already
    {484, I::kStop, R::kEnd, F::kReport},
    {485, I::kStop, R::kEnd, F::kReport},
    {486, I::kBackOff, R::kKeep, F::kReport},
    {487, I::kStop, R::kKeep, F::kReport},
    {488, I::kStop, R::kKeep, F::kReport},
    {489, I::kStop, R::kEnd, F::kReport},
    {491, I::kSoon, R::kKeepSoon, F::kReport},
    {493, I::kStop, R::kKeep, F::kReport},
    {494, I::kStop, R::kKeep, F::kReport},
    {500, I::kBackOff, R::kKeep, F::kReport},
    {501, I::kStop, R::kEnd, F::kReport},
    {502, I::kBackOff, R::kEnd, F::kReport},  // RFC 5057: of the dialog
    {503, I::kBackOff, R::kKeep, F::kReport},
    {504, I::kBackOff, R::kKeep, F::kReport},
    {505, I::kStop, R::kKeep, F::kReport},
    {513, I::kStop, R::kKeep, F::kReport},
    {600, I::kStopUnlessHinted, R::kKeep, F::kReport},
    {603, I::kStopUnlessHinted, R::kKeep, F::kReport},
    {604, I::kStop, R::kEnd, F::kReport},
    {606, I::kStop, R::kKeep, F::kReport},
};

const ResponseRow* Find(int status) {
  const auto* found =
      std::lower_bound(std::begin(kRows), std::end(kRows), status,
                       [](const ResponseRow& row, int wanted) { return row.status < wanted; });
  return found != std::end(kRows) && found->status == status ? found : nullptr;
}

}  // namespace

const ResponseRow& ResponseRowOf(int status) {
  if (const ResponseRow* row = Find(status)) return *row;
  if (const ResponseRow* row = Find(status / 100 * 100)) return *row;
  return *Find(500);
}

}  // namespace sipevents::sip
