using System.CommandLine;
using ArrowCid.Postgres;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>pool push</c>, <c>pool get</c> and <c>pool ls</c>: blocks of a pool.</summary>
internal static class PoolBlocksVerb
{
    public static Verb MakePush()
    {
        Argument<string[]> cids = Verb.CidTexts("Blocks of the store to push, with all that they need.",
            isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<string?> name = new("--name")
        {
            HelpName = "NAME",
            Description = "A name of the pool for the block. Without a name, a pin or an expiry the next 'pool gc' " +
                "after an hour removes the block from the pool.",
        };
        Option<string?> expected = new("--expected")
        {
            HelpName = "CID",
            Description = "The block that the name must point to before, or none. Otherwise the name stays (exit " +
                "code 5).",
        };
        Option<bool> json = Verb.Json();
        var verb = new Verb("push",
            "Push blocks of a store to a pool. Exit code 0 means that every block is in the bucket and that any " +
            "member finds it. The output is the number of blocks, of new blocks and their bytes, and a token for " +
            "'pool get --after'.",
            "arrowcid pool push @latest --name quotes/latest",
            "arrowcid pool push CID --name quotes/latest --expected none")
        {
            cids, name, expected, store, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            Cid[] blocks = [.. parsed.GetValue(cids)!.Select(text => BlockReference.Resolve(opened, text))];
            string? given = parsed.GetValue(name);
            if (given is not null && blocks.Length != 1)
                throw new ArrowCidException(ErrorCode.InvalidArgument, "--name takes exactly one block");
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            await using PoolMember member = await pool.JoinAsync(opened, cancel);
            PoolPut push = await member.PushAsync(blocks, cancel);
            PoolToken token = given is null ? push.Token
                : parsed.GetValue(expected) is { } before
                    ? await member.SetNameAsync(given, blocks[0], before == "none" ? null : Cid.Parse(before), cancel)
                    : await member.SetNameAsync(given, blocks[0], cancel);
            using var output = Output.Open();
            if (!parsed.GetValue(json))
            {
                output.Line($"{push.Blocks} blocks  {push.NewBlocks} new  {push.ByteLength} bytes  {token}");
                return 0;
            }

            output.JsonLine(writer =>
            {
                writer.WriteNumber("blocks", push.Blocks);
                writer.WriteNumber("newBlocks", push.NewBlocks);
                writer.WriteNumber("bytes", push.ByteLength);
                writer.WriteString("token", token.ToString());
            });
            return 0;
        });
        return verb;
    }

    public static Verb MakeGet()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<string?> after = new("--after")
        {
            HelpName = "TOKEN",
            Description = "The token of a push, by any member, that must be seen.",
        };
        var verb = new Verb("get",
            "Fetch a block of a pool into the store, with all that it needs. A name is that of the pool. The output " +
            "is its CID; 'cat' and 'get' then read it from the store.",
            "arrowcid pool get @quotes/latest",
            "arrowcid pool get @quotes/latest --after p1:…")
        {
            cid, after, store,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = CidStore.Open(parsed.GetValue(store),
                new CidStoreOptions { OpenPlace = Locations.Open }, cancellationToken: cancel);
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            await using PoolMember member = await pool.JoinAsync(opened, cancel);
            if (parsed.GetValue(after) is { } token) await member.WaitForAsync(PoolToken.Parse(token), cancel);
            string text = parsed.GetValue(cid)!;
            Cid block = await ResolveAsync(pool, text, cancel);
            if (!opened.Contains(block) && !await member.FetchAsync([block], cancel))
                throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {block} in {pool.Name}");
            using var output = Output.Open();
            output.Line($"{block}");
            return 0;
        });
        return verb;
    }

    public static Verb MakeList()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        Option<bool> json = Verb.Json();
        Option<int?> limit = Verb.Number("--limit", 1, "The maximum number of blocks.");
        var verb = new Verb("ls",
            "List the blocks of a pool, in the order in which they were first pushed. The output is CID  ROWS  " +
            "BYTES  NAMES.",
            "arrowcid pool ls",
            "arrowcid pool ls 'tag.day = \"2026-11-20\"' --json")
        {
            filter, limit, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            const int PageEntries = 1000;
            Filter? parsedFilter = parsed.GetValue(filter) is { } text ? Filter.Parse(text) : null;
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            using var output = Output.Open();
            int left = parsed.GetValue(limit) ?? int.MaxValue;
            string? next = null;
            do
            {
                PoolPage page = await pool.QueryAsync(new QueryOptions
                {
                    Filter = parsedFilter,
                    Limit = Math.Min(left, PageEntries),
                    After = next,
                }, cancel);
                foreach (StoredEntry entry in page.Entries) Print(output, entry, parsed.GetValue(json));
                left -= page.Entries.Count;
                next = page.Next;
            }
            while (next is not null && left > 0);
            return 0;
        });
        return verb;
    }

    /// <summary>The block that a CID or a name of a pool points to.</summary>
    public static async Task<Cid> ResolveAsync(Pool pool, string text, CancellationToken cancel)
    {
        if (Cid.TryParse(text, out Cid cid)) return cid;
        string name = text.StartsWith('@') ? text[1..] : text;
        return await pool.ResolveAsync(name, cancel) ??
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no name '{name}' in {pool.Name}");
    }

    private static void Print(Output output, StoredEntry entry, bool json)
    {
        if (!json)
        {
            string names = CommandError.Visible(string.Join(' ', entry.Names));
            output.Line($"{entry.Cid}  {entry.Rows}  {entry.ByteLength}  {names}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", entry.Cid.ToString());
            writer.WriteNumber("rows", entry.Rows);
            writer.WriteNumber("bytes", entry.ByteLength);
            writer.WriteString("producer", entry.Producer);
            writer.WriteStartArray("names");
            foreach (string name in entry.Names) writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteStartObject("tags");
            foreach ((string key, string value) in entry.Tags) writer.WriteString(key, value);
            writer.WriteEndObject();
        });
    }
}
