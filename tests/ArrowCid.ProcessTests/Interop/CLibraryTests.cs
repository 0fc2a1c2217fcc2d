using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Packages;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>libarrowcid keeps what its header says: seen from C programs, plain and under sanitizers.</summary>
public sealed partial class CLibraryTests : IDisposable
{
    private static readonly string[] s_avx512 = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"];

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-c-").FullName;

    private string Store { get; } = $"/dev/shm/arrowcid-c-{Guid.NewGuid():N}";

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        if (Directory.Exists(Store)) Directory.Delete(Store, recursive: true);
    }

    [CLibraryTheory("cc")]
    [InlineData("abi", false)]
    [InlineData("abi", true)]
    [InlineData("store", false)]
    [InlineData("store", true)]
    [InlineData("arrays", false)]
    [InlineData("arrays", true)]
    [InlineData("many", false)]
    [InlineData("many", true)]
    [InlineData("watch", false)]
    [InlineData("watch", true)]
    [InlineData("fork", false)]
    [InlineData("fork", true)]
    [InlineData("threads", false)]
    [InlineData("threads", true)]
    public void The_program_finds_everything_as_the_header_says(string name, bool isSanitized)
    {
        string program = Path.Combine(_folder, name);
        CLibrary.Compile($"c/tests/{name}.c", program, isSanitized);
        string[] arguments = name switch
        {
            "abi" => [],
            "store" => [Store, Path.Combine(Command.Data, "vectors", "more", "random-1.arrows")],
            _ => [Store],
        };
        CommandResult result = CLibrary.Run(program, arguments).Exits(0);
        Assert.Equal(["ok"], result.Lines);
    }

    /// <summary>A place of the store takes every block, and has none yet.</summary>
    [CLibraryFact("cc")]
    public void Block_that_waits_for_a_copy_is_removed_by_force_alone()
    {
        using (CidStore store = CidStore.Open(Store))
        {
            store.Places.Add(new BlockPlace
            {
                Name = "cold",
                Location = Path.Combine(_folder, "cold") + "/",
                Write = PlaceWrite.Back,
            });
        }

        string source = Path.Combine(_folder, "waits.c"), program = Path.Combine(_folder, "waits");
        File.WriteAllText(source, """
            #include <stdio.h>
            #include "arrowcid.h"
            int main(int count, char **arguments) {
              arrowcid_handle store;
              arrowcid_block block;
              int64_t kept = -1, removed = -1;
              if (count != 2 || arrowcid_open(arguments[1], NULL, &store, NULL) != 0) return 1;
              if (arrowcid_put_raw(store, (const uint8_t *)"waits", 5, NULL, &block, NULL) != 0) return 2;
              if (arrowcid_remove(store, &block.cid, 1, &kept, NULL) != 0) return 3;
              if (arrowcid_remove_forced(store, &block.cid, 1, &removed, NULL) != 0) return 4;
              printf("%d %d\n", (int)kept, (int)removed);
              return arrowcid_close(store, NULL);
            }
            """);
        CLibrary.Compile(source, program);
        Assert.Equal(["0 1"], CLibrary.Run(program, Store).Exits(0).Lines);
    }

    [CLibraryTheory("cc", "c++")]
    [InlineData("c89", "c")]
    [InlineData("c11", "c")]
    [InlineData("c++17", "c++")]
    public void The_header_is_of_every_standard(string standard, string language)
    {
        string source = Path.Combine(_folder, "header." + language);
        File.WriteAllText(source, "#include \"arrowcid.h\"\nint main(void) { return (int)arrowcid_abi() - ARROWCID_ABI; }\n");
        _ = CLibrary.Run("cc", "-x", language, $"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic",
            "-I", CLibrary.PathOf("c"), "-c", source, "-o", Path.Combine(_folder, "header.o")).Exits(0);
    }

    [CLibraryFact("nm")]
    public void The_library_exports_what_the_header_declares_and_nothing_else()
    {
        string[] declared =
        [
            .. Declaration().Matches(File.ReadAllText(CLibrary.Header)).Select(match => match.Groups[1].Value)
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(declared.Length, declared.Distinct().Count());
        foreach (string file in CLibrary.Files)
        {
            IEnumerable<string> exported = CLibrary.Run("nm", "-D", "--defined-only", file).Exits(0).Lines
                .Select(line => line.Split(' ')[^1]);
            Assert.Equal(declared, exported.Order(StringComparer.Ordinal));
        }
    }

    [CLibraryFact("readelf")]
    public void The_library_is_small_and_needs_the_c_library_alone()
    {
        Assert.All(CLibrary.Files, file => Assert.InRange(new FileInfo(file).Length, 1, 8 << 20));
        string needed = CLibrary.Run("readelf", "-d", CLibrary.File).Exits(0).Text;
        string[] libraries = [.. Needed().Matches(needed).Select(match => match.Groups[1].Value)];
        Assert.All(libraries, name => Assert.Matches(@"^(libc|libm|libdl|libpthread|librt|ld-linux[\w-]*)\.so", name));
    }

    [CLibraryFact("cc")]
    public void Messages_are_hashed_side_by_side_where_the_processor_has_AVX_512()
    {
        string source = Path.Combine(_folder, "path.c"), program = Path.Combine(_folder, "path");
        File.WriteAllText(source, """
            #include <stdio.h>
            #include "arrowcid.h"
            int main(void) { return puts(arrowcid_hash_path()) < 0; }
            """);
        CLibrary.Compile(source, program);
        string alone = Sha() ? "sha-ni" : "serial";
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) alone = Sha() ? "sha2" : "serial";
        Assert.Equal(HasAvx512() ? "avx512-16" : alone, CLibrary.Run(program).Exits(0).Lines.Single());

        // Without the AVX-512 build the library is whole all the same.
        File.Copy(CLibrary.File, Path.Combine(_folder, "libarrowcid.so"));
        string line = $"LD_PRELOAD='{_folder}/libarrowcid.so' '{program}'";
        Assert.Equal(alone, CLibrary.Run("sh", "-c", line).Exits(0).Lines.Single());
    }

    /// <summary>What stands in for both on a processor without AVX-512: a library of nothing but exports, which takes
    /// that to be there, and in place of the AVX-512 build the library that needs none.</summary>
    [Avx512Theory("cc", "nm")]
    [InlineData("abi")]
    [InlineData("arrays")]
    [InlineData("watch")]
    [InlineData("fork")]
    public void Exports_call_the_AVX512_build_when_the_processor_has_it(string name)
    {
        string program = Path.Combine(_folder, name), exports = Path.Combine(_folder, "exports.o");
        string stubs = Path.Combine(_folder, "stubs.c");
        CLibrary.Compile($"c/tests/{name}.c", program);
        _ = CLibrary.Run("cc", "-std=gnu11", "-fPIC", "-fvisibility=hidden", "-I", CLibrary.PathOf("c"), "-DHAS_AVX512()=1",
            $"-DARROWCID_VERSION=\"{PackedFeed.Version}\"", "-c",
            Path.Combine(Command.Root, "src", "ArrowCid.Native", "exports.c"), "-o", exports).Exits(0);
        IEnumerable<string> managed = CLibrary.Run("nm", "-u", exports).Exits(0).Lines.Select(line => line.Split(' ')[^1])
            .Where(symbol => symbol.StartsWith("managed_", StringComparison.Ordinal));
        File.WriteAllLines(stubs, managed.Select(symbol => $"int {symbol}(void) {{ return 77; }}"));
        _ = CLibrary.Run("cc", "-shared", "-fPIC", "-o", Path.Combine(_folder, "libarrowcid.so"), exports, stubs, "-ldl")
            .Exits(0);
        File.Copy(CLibrary.File, Path.Combine(_folder, "libarrowcid-avx512.so"));
        string line = $"LD_LIBRARY_PATH='{_folder}' '{program}' '{Store}'";
        Assert.Equal(["ok"], CLibrary.Run("sh", "-c", line).Exits(0).Lines);
    }

    [Avx512Fact("objdump")]
    public void AVX512_build_has_the_sixteen_lanes_in_it()
    {
        // vprord on a register of 512 bits is SHA-256's rotation, and nothing else's here.
        const string Count = "objdump -d --no-show-raw-insn \"$1\" | grep -c 'vprord .*zmm' || true";
        Assert.NotEqual("0", CLibrary.Run("sh", "-c", Count, "sh", CLibrary.Avx512).Exits(0).Lines.Single());
        Assert.Equal("0", CLibrary.Run("sh", "-c", Count, "sh", CLibrary.File).Exits(0).Lines.Single());
    }

    [CLibraryTheory("c++")]
    [InlineData(false)]
    [InlineData(true)]
    public void In_Cpp_everything_is_as_in_C(bool isSanitized)
    {
        string program = Path.Combine(_folder, "store");
        CLibrary.Compile("cpp/tests/store.cpp", program, isSanitized);
        Assert.Equal(["ok"], CLibrary.Run(program, Store).Exits(0).Lines);
    }

    [CLibraryTheory("c++")]
    [InlineData(false)]
    [InlineData(true)]
    public void Calls_in_Cpp_have_the_keys_of_the_vectors_and_their_results_are_found(bool isSanitized)
    {
        string program = Path.Combine(_folder, "call");
        CLibrary.Compile("cpp/tests/call.cpp", program, isSanitized);
        Assert.Equal(["60 keys"], CLibrary.Run(program, CLibrary.PathOf("vectors/calls.json"), Store).Exits(0).Lines);
    }

    [CLibraryTheory("cc", "c++")]
    [InlineData("c", "c")]
    [InlineData("c", "cpp")]
    [InlineData("cpp", "c")]
    public void A_consumer_reads_what_a_producer_puts_and_the_command_finds_it(string putter, string reader)
    {
        string producer = Path.Combine(_folder, "producer"), consumer = Path.Combine(_folder, "consumer");
        CLibrary.Compile($"{putter}/samples/producer.{putter}", producer);
        CLibrary.Compile($"{reader}/samples/consumer.{reader}", consumer);
        using Process reading = CLibrary.Start(consumer, Store, "3");
        string[] put = CLibrary.Run(producer, Store, "3").Exits(0).Lines;
        string[] read = CLibrary.End(reading, "consumer").Exits(0).Lines;
        // The sum of 100 + i / 4 over a thousand rows from 0.
        Assert.Equal($"{put[0]}  1000 rows  224875.00", read[0]);
        Assert.Equal(put, read.Select(line => line.Split(' ')[0]));
        string[] listed = [.. Command.Run("ls", "--store", Store).Exits(0).Lines.Select(line => line.Split(' ')[0])];
        Assert.Equal(put.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        _ = Command.Run("verify", "--all", "--store", Store).Exits(0);
    }

    private static bool HasAvx512() => Array.TrueForAll(s_avx512, HasFlag);

    private static bool Sha() => HasFlag("sha_ni") || HasFlag("sha2");

    private static bool HasFlag(string name) => File.ReadLines("/proc/cpuinfo")
        .First(line => line.StartsWith("flags", StringComparison.Ordinal)
            || line.StartsWith("Features", StringComparison.Ordinal))
        .Split(' ').Contains(name);

    [GeneratedRegex(@"^ARROWCID_API [^;]*?\b(arrowcid_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\(NEEDED\).*\[([^\]]+)\]")]
    private static partial Regex Needed();
}

/// <summary>As <see cref="CLibraryFactAttribute"/>, for the AVX-512 build, which only x86-64 has.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class Avx512FactAttribute : FactAttribute
{
    public Avx512FactAttribute(params string[] programs)
    {
        Names = programs;
        Skip = CLibrary.WhySkipAvx512(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}

/// <summary>As <see cref="Avx512FactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class Avx512TheoryAttribute : TheoryAttribute
{
    public Avx512TheoryAttribute(params string[] programs)
    {
        Names = programs;
        Skip = CLibrary.WhySkipAvx512(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}
