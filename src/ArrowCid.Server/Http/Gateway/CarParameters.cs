using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary>What is asked of a CAR.</summary>
/// <param name="Scope">How far it goes.</param>
/// <param name="From">The first byte of a file that is wanted; below zero from its end.</param>
/// <param name="To">The last byte, likewise; null is the file's end.</param>
/// <param name="HasRange">Whether only bytes of a file are wanted.</param>
/// <param name="Duplicates">Whether a block is sent each time that it is come to.</param>
internal sealed record CarParameters(DagScope Scope, long From, long? To, bool HasRange, bool Duplicates)
{
    /// <summary>What the answer is.</summary>
    public string ContentType => $"application/vnd.ipld.car; version=1; order=dfs; dups={(Duplicates ? 'y' : 'n')}";

    /// <summary>What tells this CAR from others of the same path.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture,
        $"{Scope}:{(HasRange ? $"{From}:{To}" : "")}:{(Duplicates ? 'y' : 'n')}");

    /// <summary>Reads the query, which goes before the parameters of the accepted type.</summary>
    /// <exception cref="GatewayException">400: it says what there is not; 406: what is not made here.</exception>
    public static CarParameters Read(IQueryCollection query, MediaTypeHeaderValue? accepted)
    {
        string? version = Value(query, accepted, "car-version", "version");
        if (version is not (null or "1"))
            throw new GatewayException(406, $"CARs of version 1 are made, not of '{version}'; ask for version=1");
        string? order = Value(query, accepted, "car-order", "order");
        if (order is not (null or "dfs" or "unk"))
            throw new GatewayException(406, $"the order is dfs, not '{order}'; ask for order=dfs");
        string? duplicates = Value(query, accepted, "car-dups", "dups");
        if (duplicates is not (null or "y" or "n"))
            throw new GatewayException(400, $"dups is y or n, not '{duplicates}'");
        StringValues bytes = query["entity-bytes"];
        string? said = query["dag-scope"];
        DagScope scope = said switch
        {
            null or "" when bytes.Count > 0 => DagScope.Entity,
            null or "" or "all" => DagScope.All,
            "entity" => DagScope.Entity,
            "block" => DagScope.Block,
            _ => throw new GatewayException(400, $"dag-scope is block, entity or all, not '{said}'"),
        };
        (long from, long? to) = bytes.Count > 0 ? Range(bytes.ToString()) : (0, null);
        return new CarParameters(scope, from, to, bytes.Count > 0 && scope == DagScope.Entity, duplicates == "y");
    }

    /// <summary>The range, first and last byte, in a file of <paramref name="length"/> bytes; null if none of them
    /// exists.</summary>
    public (long First, long Last)? Within(long length)
    {
        if (!HasRange) return length == 0 ? null : (0, length - 1);
        long first = From < 0 ? Math.Max(0, length + From) : From;
        long last = To is { } to ? to < 0 ? length + to : Math.Min(to, length - 1) : length - 1;
        return first <= last && first < length ? (first, last) : null;
    }

    private static (long From, long? To) Range(string text)
    {
        string[] ends = text.Split(':');
        long? to = null;
        bool isRange = ends.Length == 2 && TryNumber(ends[0], out long from);
        if (isRange && ends[1] != "*")
        {
            isRange = TryNumber(ends[1], out long last);
            to = last;
        }

        if (!isRange)
            throw new GatewayException(400, $"entity-bytes is FROM:TO in bytes, or FROM:*, not '{text}'");
        _ = TryNumber(ends[0], out from);
        if (to is { } end && from >= 0 == end >= 0 && end < from)
            throw new GatewayException(400, $"entity-bytes ends before it begins: '{text}'");
        return (from, to);
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
        && number is > long.MinValue / 2 and < long.MaxValue / 2;

    private static string? Value(IQueryCollection query, MediaTypeHeaderValue? accepted, string key, string parameter)
    {
        if (query.TryGetValue(key, out StringValues said)) return said.ToString();
        NameValueHeaderValue? found = accepted?.Parameters.FirstOrDefault(each =>
            each.Name.Equals(parameter, StringComparison.OrdinalIgnoreCase));
        return found is null ? null : HeaderUtilities.RemoveQuotes(found.Value).ToString();
    }
}
