using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using ArrowCid.Tests.House;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The paths of <c>.github/PROJECT.md</c>, which tell a reader what to open, are those of the code.</summary>
public partial class ReadingPathTests
{
    private static readonly string[] s_assemblies =
        ["ArrowCid", "ArrowCid.Client", "ArrowCid.Server", "ArrowCid.Cli"];

    private static readonly Dictionary<ushort, OpCode> s_opcodes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    private static readonly Lazy<ILookup<string, Type>> s_types = new(() => s_assemblies
        .SelectMany(name => Assembly.Load(name == "ArrowCid.Cli" ? typeof(ArrowCid.Cli.VerbGroup).Assembly.GetName() : new AssemblyName(name))
            .GetTypes())
        .Where(type => !type.IsNested).ToLookup(type => type.Name.Split('`')[0]));

    public static TheoryData<string> Calls() => [.. Paths().Select(path => path.Call)];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Files_of_a_path_are_there_and_each_is_called_by_one_before_it(string call)
    {
        string[] files = Paths().Single(path => path.Call == call).Files;
        Assert.InRange(files.Length, 5, 20);
        Assert.Distinct(files);
        HashSet<string> sources = [.. Repository.FilesBelow("src", ".cs").Select(Path.GetFileNameWithoutExtension).OfType<string>()];
        Assert.All(files, file => Assert.Contains(file, sources));
        string[] types = [.. files.Select(file => file.Split('.')[0]).Distinct()];
        var called = new HashSet<string> { types[0] };
        foreach (string type in types)
        {
            Assert.True(called.Contains(type), $"{type}: no type before it on the path calls it");
            called.UnionWith(CalledBy(Assert.Single(s_types.Value[type])));
        }
    }

    [Fact]
    public void Call_that_is_not_there_is_found() =>
        Assert.DoesNotContain("CidStore", CalledBy(Assert.Single(s_types.Value["BlockIndex"])));

    [Fact]
    public void Project_map_has_the_five_paths() =>
        Assert.Equal(["`CidStore.Put`", "`CidStore.TryGet`", "DoGet of Flight", "`export parquet`", "`tag`"], Paths().Select(path => path.Call));

    private static IEnumerable<(string Call, string[] Files)> Paths() =>
        from line in File.ReadAllLines(Repository.PathOf(".github/PROJECT.md"))
        let row = PathRow().Match(line)
        where row.Success
        select (row.Groups[1].Value, row.Groups[2].Value.Split(", ").Select(file => file.Trim('`')).ToArray());

    /// <summary>The names of the types that a type calls, with what the compiler made of its lambdas and async methods.</summary>
    private static HashSet<string> CalledBy(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var found = new HashSet<string>();
        var types = new Stack<Type>([type]);
        while (types.TryPop(out Type? next))
        {
            foreach (Type nested in next.GetNestedTypes(All)) types.Push(nested);
            foreach (MethodBase method in next.GetMethods(All).Cast<MethodBase>().Concat(next.GetConstructors(All)))
            {
                foreach (Type called in CalledBy(method)) found.Add(Outermost(called).Name.Split('`')[0]);
            }
        }

        return found;
    }

    private static IEnumerable<Type> CalledBy(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        Type[]? ofType = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        Type[]? ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            ushort value = code[at++];
            if (value == 0xfe) value = (ushort)(0xfe00 | code[at++]);
            OpCode opcode = s_opcodes[value];
            if (opcode.OperandType == OperandType.InlineMethod &&
                method.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType, ofMethod)?.DeclaringType is { } called) yield return called;
            at += opcode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    [GeneratedRegex(@"^\| ([^|]+) \| ((?:`[A-Z][\w.]+`(?:, )?){5,}) \|$")]
    private static partial Regex PathRow();
}
