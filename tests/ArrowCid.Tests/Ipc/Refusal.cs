using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

/// <summary>What tests of refusals share: tables in their least form, and the look at the error.</summary>
internal static class Refusal
{
    /// <summary>A table of Schema.fbs' Field.</summary>
    public static Flat Field(object name, int tag, Flat? type, Flat[]? children = null, Flat? dictionary = null,
        Flat[]? metadata = null) =>
        new((0, name), (1, true), (2, (byte)tag), (3, type), (4, dictionary), (5, children), (6, metadata));

    public static Flat Int32Field(string name) => Field(name, 2, new Flat((0, 32), (1, true)));

    public static Flat SchemaOf(params Flat[] fields) => new((1, fields));

    public static FormWriter Start(params Flat[] fields) => Start(new Form(), fields);

    public static FormWriter Start(Form form, params Flat[] fields) =>
        new FormWriter(form).Message(1, SchemaOf(fields), []);

    /// <summary>A RecordBatch table.</summary>
    public static Flat Batch(long rows, (long, long)[] nodes, (long, long)[] buffers, Flat? compression = null,
        params long[] variadic) =>
        new((0, rows), (1, FlatRaw.Pairs(nodes)), (2, FlatRaw.Pairs(buffers)), (3, compression),
            (4, variadic.Length == 0 ? null : FlatRaw.Longs(variadic)));

    /// <summary>Reads all; it must be refused by that rule at that field.</summary>
    /// <returns>The error, whose offset lies in the input.</returns>
    public static InvalidArrowException Expect(byte[] bytes, string rule, string path = "",
        ErrorCode code = ErrorCode.InvalidData, ArrowReadOptions? options = null)
    {
        var fault = Assert.Throws<InvalidArrowException>(
            () => ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(bytes, options)));
        Assert.Equal(rule, fault.Rule);
        Assert.Equal(path, fault.FieldPath);
        Assert.Equal(code, fault.Code);
        Assert.StartsWith(rule, fault.Message, StringComparison.Ordinal);
        Assert.InRange(fault.Offset, 0, bytes.Length);
        return fault;
    }

    /// <summary>A schema of one field that is refused; the error points into its message.</summary>
    public static void ExpectField(Flat field, string rule, string path = "f", ErrorCode code = ErrorCode.InvalidData)
    {
        byte[] bytes = Start(Int32Field("before"), field).End();
        Assert.InRange(Expect(bytes, rule, path, code).Offset, 8, bytes.Length - 9);
    }
}
