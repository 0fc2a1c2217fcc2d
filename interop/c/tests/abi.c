/* The numbers and sizes that ABI 1 promises, and what needs no store. */
#include <stddef.h>

#include "check.h"

#define SIZE(type, bytes) typedef char size_of_##type[sizeof(type) == (bytes) ? 1 : -1]
#define PLACE(type, member, bytes) typedef char place_of_##type##_##member[offsetof(type, member) == (bytes) ? 1 : -1]

SIZE(arrowcid_error, 1024);
SIZE(arrowcid_cid, 36);
SIZE(arrowcid_block, 104);
SIZE(arrowcid_options, 48);
SIZE(arrowcid_column, 64);
SIZE(arrowcid_event, 136);
SIZE(arrowcid_name, 304);
SIZE(arrowcid_result, 120);
PLACE(arrowcid_block, schema_cid, 36);
PLACE(arrowcid_block, rows, 72);
PLACE(arrowcid_block, kind, 96);
PLACE(arrowcid_block, is_new, 100);
PLACE(arrowcid_block, is_repaired, 102);
PLACE(arrowcid_options, durability, 32);
PLACE(arrowcid_name, time_ns, 40);
PLACE(arrowcid_name, name, 48);
PLACE(arrowcid_result, expires_ns, 40);
PLACE(arrowcid_result, took_ns, 48);
PLACE(arrowcid_result, form, 56);
PLACE(arrowcid_event, kind, 104);
PLACE(arrowcid_event, gap_first, 120);

int main(void) {
  static const char text[] = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"; /* of "hello" */
  arrowcid_cid cid, again;
  char written[64];
  int32_t code;
  CHECK(arrowcid_abi() == ARROWCID_ABI);
  CHECK(strchr(arrowcid_version(), '.') != NULL);
  CHECK(strcmp(arrowcid_error_name(ARROWCID_BLOCK_NOT_FOUND), "BLOCK_NOT_FOUND") == 0);
  CHECK(strcmp(arrowcid_error_name(99), "UNKNOWN") == 0);
  for (code = ARROWCID_NOTHING; code <= ARROWCID_IO; code++) CHECK(strcmp(arrowcid_error_name(code), "UNKNOWN") != 0);
  CHECK(strlen(arrowcid_hash_path()) > 0);

  OK(arrowcid_cid_parse(text, &cid, &error));
  CHECK(cid.bytes[0] == 1 && cid.bytes[1] == 0x55 && cid.bytes[2] == 0x12 && cid.bytes[3] == 0x20);
  CHECK(cid.bytes[4] == 0x2c && cid.bytes[35] == 0x24);
  OK(arrowcid_cid_format(&cid, written, &error));
  CHECK(strcmp(written, text) == 0);
  FAILS(ARROWCID_INVALID_CID, arrowcid_cid_parse("bafkrei", &again, &error));
  FAILS(ARROWCID_INVALID_CID, arrowcid_cid_parse("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", &again, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_cid_parse(NULL, &again, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_cid_parse("\xff\xfe", &again, &error));
  OK(arrowcid_cid_parse("bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4", &again, &error));
  CHECK(again.bytes[1] == 0x71);
  OK(arrowcid_cid_format(&again, written, &error));
  CHECK(strncmp(written, "bafyreignoozc45h2", 17) == 0);
  FAILS(ARROWCID_INVALID_CID, arrowcid_cid_parse("baguqeeraxoxkbzosnwcaomg4cb4r2awnp2tpgzbpb3acrvb3unw4ezzu25bq", &again, &error)); /* dag-json */
  cid.bytes[1] = 0x80;
  FAILS(ARROWCID_INVALID_CID, arrowcid_cid_format(&cid, written, &error));
  memset(&cid, 0, sizeof cid);
  FAILS(ARROWCID_INVALID_CID, arrowcid_cid_format(&cid, written, &error));
  CHECK(arrowcid_cid_parse("none", &again, NULL) == ARROWCID_INVALID_CID);

  puts("ok");
  return 0;
}
