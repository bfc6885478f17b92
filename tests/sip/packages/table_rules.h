#ifndef TESTS_SIP_PACKAGES_TABLE_RULES_H_
#define TESTS_SIP_PACKAGES_TABLE_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

// What holds of every package whose state is a table of rows (ALG-A).

namespace sipevents::sip {

// A package, and what its tests say of its documents.
struct TableOfRows {
  std::string_view event_package;
  std::string_view content_type;
  std::string first;      // a full document of version 0
  std::string no_change;  // a partial document of version 1 that names no row
  std::vector<std::string> (*rows)(const MergeResult& result);
};

struct BadDocument {
  std::string body;
  std::string_view said;       // a part of the error
  std::string_view type = {};  // empty: the package's
};

// Each leaves the state as it was, says what is wrong, and asks for the full state once.
inline void ExpectBadDocumentsLeaveTheState(const TableOfRows& table,
                                            const std::vector<BadDocument>& documents) {
  for (const BadDocument& document : documents) {
    SCOPED_TRACE(document.body);
    const std::string_view type = document.type.empty() ? table.content_type : document.type;
    Merging merging(FindPackage(table.event_package), table.content_type);
    const std::vector<std::string> before = table.rows(merging.Feed(table.first));

    const MergeResult bad = merging.FeedTyped(type, document.body);

    EXPECT_EQ(bad.kind, MergeResult::Kind::kError);
    EXPECT_THAT(bad.error, ::testing::HasSubstr(std::string(document.said)));
    EXPECT_TRUE(bad.resync);
    EXPECT_FALSE(merging.FeedTyped(type, document.body).resync);
    EXPECT_FALSE(before.empty());
    EXPECT_EQ(table.rows(merging.Feed(table.no_change)), before);
  }
}

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PACKAGES_TABLE_RULES_H_
