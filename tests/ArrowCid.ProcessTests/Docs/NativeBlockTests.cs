using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The C and C++ in documents compiles without a warning, and runs.</summary>
public sealed partial class NativeBlockTests(BlockWorld world) : IClassFixture<BlockWorld>
{
    [Theory]
    [Document("interop/c/README.md", "cc", DocumentAttribute.Library)]
    [Document("interop/cpp/README.md", "c++", DocumentAttribute.Library)]
    public void C_and_Cpp_of_a_document_compile_and_run(string path)
    {
        foreach (CodeBlock block in Documents.BlocksOf(path).Where(block => block.Language is "c" or "cpp" && block.NotRun is null))
        {
            string program = Path.Combine(world.Work, $"block{block.Number}-{block.Language}");
            string text = world.Localize(block.Text);
            string source = world.Write($"block{block.Number}.{block.Language}", block.Language == "c" ? C(text) : Cpp(text));
            CLibrary.Compile(source, program);
            Regex? until = block.Text.Contains("watch.next(", StringComparison.Ordinal) ? Cid() : null;
            CommandResult result = world.Run(until, program);
            Assert.True(result.ExitCode == 0, $"{block.Place}: {result.Text}\n{result.Errors}");
        }
    }

    /// <summary>A program around a part of one that has a store, and a stream of its batch.</summary>
    private string C(string block) => $$"""
        #include <stdio.h>
        #include <string.h>
        #include "arrowcid.h"
        #pragma GCC diagnostic ignored "-Wunused-variable"
        #pragma GCC diagnostic ignored "-Wunused-but-set-variable"

        int main(void) {
          arrowcid_handle store;
          arrowcid_error error;
          memset(&error, 0, sizeof error);
          arrowcid_cid first;
          struct ArrowArrayStream stream;
          struct ArrowSchema schema;
          struct ArrowArray array;
          arrowcid_block block;
          /* The block of a call without arguments. */
          static const uint8_t call[] = {
            0xa7, 0x61, 0x76, 0x01, 0x62, 0x66, 0x6e, 0x61, 0x66, 0x63, 0x65, 0x6e, 0x76, 0xa0, 0x64, 0x6b, 0x69, 0x6e,
            0x64, 0x6d, 0x61, 0x72, 0x72, 0x6f, 0x77, 0x63, 0x69, 0x64, 0x2f, 0x63, 0x61, 0x6c, 0x6c, 0x66, 0x69, 0x6e,
            0x70, 0x75, 0x74, 0x73, 0xa0, 0x66, 0x70, 0x61, 0x72, 0x61, 0x6d, 0x73, 0xa0, 0x67, 0x76, 0x65, 0x72, 0x73,
            0x69, 0x6f, 0x6e, 0x60
          };
          int64_t length = sizeof call;
          if (arrowcid_open("{{world.Store}}", NULL, &store, &error) != ARROWCID_OK
              || arrowcid_cid_parse("{{world.Localize("CID")}}", &first, &error) != ARROWCID_OK
              || arrowcid_get_array(store, &first, &schema, &array, &error) != ARROWCID_OK
              || arrowcid_get_stream(store, &first, 1, &stream, &error) != ARROWCID_OK) {
            fprintf(stderr, "%s\n", error.message);
            return 1;
          }
        {{block}}
          if (error.code != ARROWCID_OK) fprintf(stderr, "%s\n", error.message);
          return error.code == ARROWCID_OK ? 0 : 1;
        }
        """;

    /// <summary>A program around a part of one that has a batch and, for the part that does not open one, a store.</summary>
    private string Cpp(string block) => $$"""
        #include <iostream>
        #include <thread>
        #include "arrowcid.hpp"
        #include "arrowcid_call.hpp"
        #pragma GCC diagnostic ignored "-Wunused-variable"
        #pragma GCC diagnostic ignored "-Wunused-but-set-variable"

        template <class Schema, class Array> void use(const Schema &, const Array &) {}

        int main() {
          arrowcid::Store given("{{world.Store}}");
          std::optional<arrowcid::Batch> first = given.get_batch(arrowcid::Cid::parse("{{world.Localize("CID")}}"));
          const ArrowSchema &schema = *first->schema.get();
          const ArrowArray &array = *first->array.get();
          arrowcid::Stream owned = given.get_stream({arrowcid::Cid::parse("{{world.Localize("CID")}}")});
          ArrowArrayStream &stream = *owned.get();
          arrowcid::Cid cid = arrowcid::Cid::parse("{{world.Localize("CID")}}");
          std::string cid_bytes(reinterpret_cast<const char *>(cid.get()->bytes), sizeof cid.get()->bytes);
          {{(block.Contains(" store(", StringComparison.Ordinal)
              ? ""
              : "arrowcid::Store &store = given;")}}
        {{(block.Contains(".watch(", StringComparison.Ordinal)
            ? block.Replace("while (", "std::thread([&] { for (;;) store.put(schema, array); }).detach();\nwhile (", StringComparison.Ordinal)
            : block)}}
        }
        """;

    [GeneratedRegex("baf[a-z2-7]{50}")]
    private static partial Regex Cid();
}
