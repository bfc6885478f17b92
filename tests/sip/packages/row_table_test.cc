#include "sip/packages/row_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sip/base/reverse_wire_writer.h"

namespace sipevents::sip {
namespace {

// A field 1, as text.
std::string Text(const std::string& text) {
  ReverseWireWriter writer;
  writer.Text(1, text);
  return std::string(writer.bytes());
}

RowTable::Group GroupOf(std::string key, std::vector<std::string> rows, bool over = false) {
  RowTable::Group group;
  group.fields = Text(key);
  group.key = std::move(key);
  group.over = over;
  for (std::string& row : rows) {
    group.rows.push_back({.key = row, .fields = Text(row)});
  }
  return group;
}

TEST(RowTableTest, RowsAreFoundByTheirKeysAfterGroupsWentAway) {
  // given
  RowTable table;
  ASSERT_TRUE(
      table.Apply({GroupOf("a", {"1"}, /*over=*/true), GroupOf("b", {"2", "3"})}, false).ok());
  ASSERT_NE(table.Find("a", "1"), nullptr);

  // when: what is over is dropped
  ASSERT_TRUE(table.Apply({GroupOf("c", {"4"}), GroupOf("b", {"5"})}, true).ok());

  // then
  EXPECT_EQ(table.Find("a", "1"), nullptr);
  EXPECT_EQ(table.Find("b", "1"), nullptr);
  for (const auto& [group, row] : std::vector<std::pair<std::string, std::string>>{
           {"b", "2"}, {"b", "3"}, {"b", "5"}, {"c", "4"}}) {
    const RowTable::Row* const found = table.Find(group, row);
    ASSERT_NE(found, nullptr) << group << row;
    EXPECT_EQ(found->fields, Text(row));
  }
}

TEST(RowTableTest, LastingTextIsShownAfterTheFields) {
  RowTable table;
  RowTable::Group group = GroupOf("g", {"r"});
  group.rows[0].lasting = {{.field = 2, .text = "x"}, {.field = 3, .text = "y"}};
  group.rows[0].scope = "not shown";
  ASSERT_TRUE(table.Apply({group}, false).ok());

  ReverseWireWriter writer;
  table.Write(1, 4, writer);

  EXPECT_EQ(writer.bytes(), std::string("\x0a\x0e"   // the group, 14 octets
                                        "\x0a\x01g"  // its field 1
                                        "\x22\x09"   // the row in its field 4
                                        "\x0a\x01r"  // fields 1, 2, 3
                                        "\x12\x01x"
                                        "\x1a\x01y"));
}

TEST(RowTableTest, LastingTextCountsAgainstTheBound) {
  RowTable table;
  RowTable::Group group = GroupOf("g", {"r"});
  group.rows[0].lasting = {{.field = 2, .text = std::string(RowTable::kMaxOctets, 'x')}};
  EXPECT_FALSE(table.Apply({group}, false).ok());
  EXPECT_EQ(table.Find("g", "r"), nullptr);
}

// Thousands of groups must not take a time that grows with their square.
TEST(RowTableTest, AsManyGroupsAsTheBoundAllowsAreMergedByKey) {
  RowTable table;
  std::vector<RowTable::Group> groups;
  for (size_t i = 0; i < RowTable::kMaxRows / 2; ++i) {
    groups.push_back(GroupOf(absl::StrCat(i), {"r"}));
  }
  ASSERT_TRUE(table.Apply(groups, false).ok());
  ASSERT_TRUE(table.Apply(groups, true).ok());
  ReverseWireWriter writer;
  table.Write(1, 4, writer);
  const size_t once = writer.size();
  ASSERT_TRUE(table.Apply(groups, true).ok());
  writer.Reset();
  table.Write(1, 4, writer);
  EXPECT_EQ(writer.size(), once);
}

}  // namespace
}  // namespace sipevents::sip
