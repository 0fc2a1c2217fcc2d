using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>put</c>: batches into a store.</summary>
internal static class PutVerb
{
    public static Command Make()
    {
        Argument<string[]> files = Verb.Sources("Arrow IPC streams or files, Parquet, CSV, JSON lines");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> rows = Verb.RowsPerBlock();
        Option<bool> strict = Verb.Strict();
        Option<bool> together = PutTogether.Option();
        var dataset = new DatasetOptions();
        var verb = new Verb("put",
            "Store batches from files. The store is created if it does not exist. The output is CID  ROWS  BYTES  " +
            "FILE#BATCH  new|known|repaired. A batch and its metadata become visible together; the metadata does " +
            "not change the CID. The stored bytes of a known batch are compared with the new bytes, and repaired if " +
            "they are damaged.",
            "arrowcid put trips.arrow",
            "arrowcid put trips.arrow --tag day=2026-11-20 --tag sym=ES --producer etl-7 --name latest --expires 7d",
            "arrowcid put --store /dev/shm/trips --rows-per-block 10000 trips.arrow",
            "arrowcid put --types price=float64 trips.csv",
            "arrowcid put trips.arrow --name trips --durable cold",
            "arrowcid put --name trips trips.parquet",
            "arrowcid put --all-or-nothing monday.arrow tuesday.arrow --name prices",
            "arrowcid put trips.parquet --name trips --sign me.key --say role=producer",
            "arrowcid put trips.arrow --channel telemetry",
            "arrowcid put in/ --dataset-per directory",
            "arrowcid put 'in/**/*.parquet' --dataset trips",
            "arrowcid put --dataset trips --append tuesday.parquet",
            "arrowcid put --as bytes --media application/pdf report.pdf --name report",
            "arrowcid put --as tensor model.npy --name model",
            "arrowcid put --as files site/ --name site",
            "arrowcid put --dataset prices monday.arrow tuesday.arrow --tag source=feed",
            "arrowcid put day.parquet --name prices/today --if-changed --on-change ./alert",
            "arrowcid put day.csv --expect-schema @contracts/prices")
        {
            files, store, rows, json, drop, strict, together,
        };
        var facts = new FactOptions();
        facts.AddTo(verb);
        dataset.AddTo(verb);
        var durable = new DurableOption();
        durable.AddTo(verb);
        var text = new RowOptions();
        text.AddTo(verb);
        PutTogether.AddRules(verb, together);
        var changes = new ChangeOptions();
        changes.AddTo(verb);
        var contract = new SchemaContract();
        contract.AddTo(verb);
        var content = new ContentInput();
        content.AddTo(verb, isStored: true);
        var channel = new Option<string?>("--channel")
        {
            HelpName = "NAME",
            Description = "A channel in which each batch is published once it is stored. One with writers takes the " +
                "key of --sign.",
        };
        verb.Add(channel);
        var signing = new SignOptions(verb, "--sign",
            "A key file that signs a statement about each batch, and about the name, once they are stored.");
        verb.SetAction(parsed =>
        {
            using SigningKey? key = signing.Key(parsed);
            if (content.IsGiven(parsed))
            {
                if (parsed.GetValue(channel) is not null)
                    throw new ArrowCidException(ErrorCode.InvalidArgument,
                        "--channel publishes batches; publish what --as stores with 'arrowcid channel publish'");
                if (key is not null)
                    throw new ArrowCidException(ErrorCode.InvalidArgument,
                        "--sign signs batches; sign what --as stores with 'arrowcid sign CID'");
                using var target = CidStore.Open(parsed.GetValue(store));
                return content.Put(parsed, target, parsed.GetValue(files)!, facts.Read(parsed, target),
                    parsed.GetValue(json));
            }

            RowInput input = text.Read(parsed) with { ChecksFirst = true };
            IReadOnlyList<InputFile> inputs = InputFiles.Of(parsed.GetValue(files)!, parsed.GetValue(strict));
            DatasetOptions.Group[] groups = dataset.Groups(parsed, inputs);
            using CidStore opened = durable.Open(parsed, parsed.GetValue(store));
            using var output = Output.Open();
            bool isJson = parsed.GetValue(json);
            PutOptions? about = facts.Read(parsed, opened);
            PutOptions? ofBatches = about?.Name is null ? about : about.WithName(null);
            Dictionary<string, string> says = signing.Says(parsed);
            using MessageChannel? messages = parsed.GetValue(channel) is { } said
                ? MessageChannel.Open(opened, said, key) : null;
            using var report = new PutReport(inputs.Count)
            {
                OnPut = key is null && messages is null ? null : put =>
                {
                    if (key is not null) _ = opened.Signatures.Sign(put.Cid, key, says);
                    _ = messages?.Publish([put.Cid]);
                },
            };
            using var sides = new DiffSides(parsed.GetValue(store), parsed.GetValue(drop), input);
            Schema? expected = contract.Read(parsed, sides);
            IEnumerable<RecordBatch> Read(string file)
            {
                IEnumerable<RecordBatch> batches =
                    Input.Batches(file, parsed.GetValue(drop), input, parsed.GetValue(rows));
                return expected is null ? batches : SchemaContract.Require(expected, batches);
            }

            if (expected is not null && !SchemaContract.Check(expected, inputs.Select(each => each.Path),
                file => Input.Batches(file, parsed.GetValue(drop), input, parsed.GetValue(rows))))
            {
                return SameVerb.ExitWhereDifferent;
            }

            if (changes.IsGiven(parsed))
            {
                string name = groups[0].Dataset ?? about!.Name!;
                Cid? old = opened.Names.Resolve(name);
                if (changes.IsUnchanged(parsed, opened, old, groups[0].Files, Read))
                {
                    PrintUnchanged(output, old!.Value, name, isJson);
                    return 0;
                }

                int code = Store();
                return code == 0 ? changes.Run(parsed, opened, name, old) : code;
            }

            return Store();

            int Store()
            {
                if (parsed.GetValue(together))
                {
                    DatasetRun? one = dataset.Read(parsed, opened, about, groups[0].Dataset);
                    var puts = new PutTogether(opened, ofBatches, one, report);
                    int code = puts.Run(groups[0].Files, Read, output, isJson);
                    if (code == 0) SignName(opened, one, key, says);
                    return code;
                }

                int exit = 0;
                DatasetRun?[] runs =
                    Array.ConvertAll(groups, group => dataset.Read(parsed, opened, about, group.Dataset));
                for (int i = 0; i < groups.Length; i++) runs[i]?.RequireOneSchema(groups[i].Files, Read);
                foreach ((DatasetOptions.Group group, DatasetRun? whole) in groups.Zip(runs))
                {
                    var blocks = new List<Cid>();
                    int code = Run(opened, output, group.Files, ofBatches, isJson, whole, report, Read, blocks.Add);
                    Action<IReadOnlyList<Cid>>? copy = durable.IsAsked(parsed, opened)
                        ? cids => durable.Copy(parsed, opened, cids)
                        : null;
                    if (copy is not null)
                    {
                        int copied = Input.ForEach([group.Dataset ?? ""], _ => copy(blocks));
                        if (code == 0) code = copied;
                    }

                    if (code == 0 && whole is not null)
                    {
                        code = Input.ForEach([group.Dataset ?? ""], _ =>
                        {
                            whole.Put(output, isJson, copy);
                            SignName(opened, whole, key, says);
                        });
                    }

                    if (exit == 0) exit = code;
                }

                return exit;
            }
        });
        return verb;
    }

    private static void PrintUnchanged(Output output, Cid cid, string name, bool json)
    {
        if (!json)
        {
            output.Line($"{cid}  unchanged  {CommandError.Visible(name)}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteString("name", name);
            writer.WriteBoolean("isUnchanged", true);
        });
    }

    /// <summary>Signs what a name was made to point to.</summary>
    private static void SignName(CidStore store, DatasetRun? run, SigningKey? key, Dictionary<string, string> says)
    {
        if (run is null || key is null || store.Names.Resolve(run.Name) is not { } cid) return;
        _ = store.Signatures.SetName(run.Name, cid, cid, key, says);
    }

    private static int Run(CidStore store, Output output, string[] files, PutOptions? facts, bool json,
        DatasetRun? whole, PutReport report, Func<string, IEnumerable<RecordBatch>> read, Action<Cid> stored)
    {
        return Input.ForEach(files, file =>
        {
            int number = 0;
            report.Begin(file);
            foreach (RecordBatch batch in read(file))
            {
                try
                {
                    whole?.RequireSchema(batch, file);
                    PutResult put = facts is null ? store.Put(batch) : store.Put(batch, facts);
                    whole?.Batches.Add(put.Cid);
                    stored(put.Cid);
                    report.Add(put);
                    HashVerb.Print(output, put.Address, file, number, json, PutOutcome.Of(put));
                }
                catch (InvalidArrowException e)
                {
                    throw HashVerb.InBatch(e, number);
                }

                number++;
            }
        });
    }
}
