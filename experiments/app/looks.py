"""How the pages look beyond Streamlit's own: less air, large letters, and one order of things on a phone."""

from __future__ import annotations

from sim.plots.style import FAINT, INK, MUTED

PHONE, TALL = 640, 600  # pixels: Streamlit stacks columns below; high enough for a picture that stays in view

STYLE = f"""<style>
.stMainBlockContainer {{ padding-top: 3.6rem; padding-bottom: 3rem; max-width: 1500px; }}
.stMainBlockContainer h1 {{ font-size: 1.5rem; padding: 0 0 .2rem 0; }}
.st-key-controls {{ gap: .45rem; }}
.st-key-controls .stMarkdown p {{ margin: .4rem 0 .2rem 0; }}
.headline {{ font-size: 1.02rem; color: {INK}; line-height: 1.4; }}
.key {{ font-size: .85rem; color: {MUTED}; display: flex; flex-wrap: wrap; gap: .1rem .9rem; align-items: center; }}
.key span {{ display: inline-flex; align-items: center; gap: .3rem; }}
.key i {{ display: inline-block; width: 14px; height: 10px; border: 1px solid {FAINT}; }}
ul.points {{ list-style: none; margin: 0; padding: 0; font-size: .95rem; line-height: 1.35; color: {INK}; }}
ul.points li {{ display: flex; gap: .55rem; margin: 0 0 .6rem 0; padding: 0; }}
ul.points li:first-child {{ border-top: 0; }}
ul.points li {{ flex-wrap: wrap; border-top: 1px solid {FAINT}; padding-top: .45rem; }}
ul.points .at {{ flex: 1 1 100%; }}
ul.points .one {{ display: flex; gap: .5rem; flex: 1 1 100%; }}
ul.points img {{ flex: 0 0 20px; width: 20px; height: 20px; margin-top: .1rem; }}
ul.points .pay {{ white-space: nowrap; font-weight: 600; }}
ul.thinks {{ margin: 0 0 .5rem 0; padding-left: 1.1rem; font-size: .93rem; line-height: 1.35; color: {INK}; }}
.transcript {{ font-size: .95rem; line-height: 1.4; }}
.transcript p {{ margin: 0 0 .25rem 0; }}
.transcript .now {{ background: #FFF6C2; border-left: 4px solid {INK}; padding-left: .5rem; }}
@media (max-width: {PHONE}px) and (min-height: {TALL}px) {{
  .stMainBlockContainer {{ padding-left: .8rem; padding-right: .8rem; }}
  [data-testid="stColumn"]:has(.st-key-picture) {{ order: -1; position: sticky; top: 3.75rem; z-index: 10;
    background: white; padding-bottom: .3rem; }}
  [data-testid="stColumn"]:has(.st-key-controls) {{ order: 0; }}
  .st-key-picture {{ gap: .3rem; }}
}}
</style>"""
