#include "sip/subscriber/response_table.h"

#include <gtest/gtest.h>

#include <set>

namespace sipevents::sip {
namespace {

using I = InitialAction;
using R = RefreshAction;
using F = FetchAction;

struct Row {
  int status;
  I initial;
  R refresh;
  F fetch;
};

// The catalogue's table, row by row: what ends, what is kept, what is tried at once.
constexpr Row kCatalogue[] = {
    {200, I::kAwaitNotify, R::kAwaitNotify, F::kAwaitNotify},
    {202, I::kAwaitNotify, R::kAwaitNotify, F::kAwaitNotify},
    {204, I::kAwaitNotify, R::kNoNotify, F::kAwaitNotify},
    {300, I::kRedirect, R::kRedirect, F::kRetry},
    {301, I::kRedirect, R::kRedirect, F::kRetry},
    {302, I::kRedirect, R::kRedirect, F::kRetry},
    {305, I::kStop, R::kKeep, F::kReport},
    {380, I::kRedirect, R::kRedirect, F::kRetry},
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
    {420, I::kStop, R::kKeep, F::kReport},
    {421, I::kStop, R::kKeep, F::kReport},
    {423, I::kLongerInterval, R::kLongerInterval, F::kSubscribeBriefly},
    {430, I::kBackOff, R::kKeep, F::kReport},
    {480, I::kBackOff, R::kEnd, F::kReport},
    {481, I::kBackOff, R::kEndAnew, F::kReport},
    {482, I::kStop, R::kEnd, F::kReport},
    {483, I::kStop, R::kEnd, F::kReport},
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
    {502, I::kBackOff, R::kEnd, F::kReport},
    {503, I::kBackOff, R::kKeep, F::kReport},
    {504, I::kBackOff, R::kKeep, F::kReport},
    {505, I::kStop, R::kKeep, F::kReport},
    {513, I::kStop, R::kKeep, F::kReport},
    {600, I::kStopUnlessHinted, R::kKeep, F::kReport},
    {603, I::kStopUnlessHinted, R::kKeep, F::kReport},
    {604, I::kStop, R::kEnd, F::kReport},
    {606, I::kStop, R::kKeep, F::kReport},
    // Unknown ones are the x00 of their class.
    {299, I::kAwaitNotify, R::kAwaitNotify, F::kAwaitNotify},
    {399, I::kRedirect, R::kRedirect, F::kRetry},
    {499, I::kStop, R::kKeep, F::kSubscribeBriefly},
    {599, I::kBackOff, R::kKeep, F::kReport},
    {699, I::kStopUnlessHinted, R::kKeep, F::kReport},
};

TEST(ResponseTableTest, EveryRowDoesWhatTheCatalogueSays) {
  for (const Row& row : kCatalogue) {
    const ResponseRow& actual = ResponseRowOf(row.status);
    EXPECT_EQ(actual.initial, row.initial) << row.status;
    EXPECT_EQ(actual.refresh, row.refresh) << row.status;
    EXPECT_EQ(actual.fetch, row.fetch) << row.status;
  }
}

// SUB-46, and 502 by RFC 5057; SUB-47 for all others.
TEST(ResponseTableTest, RefreshEndsForTheListedCodesAndNoOthersSub46Sub47) {
  const std::set<int> ending = {404, 405, 408, 410, 416, 480, 481, 482,
                                483, 484, 485, 489, 501, 502, 604};
  for (int status = 300; status < 700; ++status) {
    const R action = ResponseRowOf(status).refresh;
    const bool ends = action == R::kEnd || action == R::kEndAnew || action == R::kTimedOut;
    EXPECT_EQ(ends, ending.contains(status)) << status;
  }
}

TEST(ResponseTableTest, StatusOutsideOfAllClassesIsAServersFault) {
  for (const int status : {0, 100, 700, 999}) EXPECT_EQ(ResponseRowOf(status).status, 500);
}

}  // namespace
}  // namespace sipevents::sip
